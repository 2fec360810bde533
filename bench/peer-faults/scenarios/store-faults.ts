/** DynamoDB does not answer, or its answers do not arrive. */
import { failing, type Lab } from '../lab.ts';
import type { Scenario } from '../scenario.ts';

/** Short, because scenarios wait for the lease to end; long enough for all tries of the SDK. */
const SHORT_REMAINING_MS = 2500;

const lostAcquire: Scenario = {
  id: 'lost-acquire',
  title: 'The reply to the acquiring write is lost',
  story:
    'DynamoDB has applied the conditional put, its reply is lost, and the SDK sends it again: the second try finds the lock that the first one took.',
  runsAllowed: 1,
  remark:
    'The record of the peer does not tell whose lock it is, so it takes its own for that of another. With its middleware the refusal deletes the lock, which is why the retry works there; with its wrapper nothing runs until the lock has run out.',
  async play(lab) {
    await lab.send('first request, reply lost', {
      must: 'result',
      remainingMs: SHORT_REMAINING_MS,
      fault: { on: 'acquire', kind: 'reply-lost', tries: 1 },
    });
    await lab.send('retry at once', { must: 'result', isRetry: true });
    await lab.untilLeaseEnds();
    await lab.send('retry after the lock', { must: 'result', isRetry: true });
  },
};

const lostTakeOver: Scenario = {
  id: 'lost-take-over',
  title: 'The reply to the write that takes over is lost',
  story:
    'The first sandbox has died. When its lock has run out, the retry takes it over; DynamoDB has applied that write, its reply is lost, and the SDK sends it again.',
  runsAllowed: 2,
  remark: 'As above: the peer takes its own lock for that of another.',
  async play(lab) {
    await lab.crash('first request, sandbox dies', { remainingMs: SHORT_REMAINING_MS });
    await lab.untilLeaseEnds();
    await lab.send('retry after the lock, reply lost', {
      must: 'result',
      isRetry: true,
      remainingMs: SHORT_REMAINING_MS,
      fault: { on: 'take-over', kind: 'reply-lost', tries: 1 },
    });
    await lab.send('another retry at once', { must: 'result', isRetry: true });
  },
};

const throttledAcquire: Scenario = {
  id: 'throttled-acquire',
  title: 'The table is throttled, but not for long',
  story: 'The first two of the three tries to acquire the key are throttled.',
  runsAllowed: 1,
  remark: 'Both are right: the SDK does it for them.',
  async play(lab) {
    await lab.send('first request, throttled twice', {
      must: 'result',
      fault: { on: 'acquire', kind: 'throttled', tries: 2 },
    });
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const lostComplete: Scenario = {
  id: 'lost-complete',
  title: 'The reply to the completing write is lost',
  story: 'DynamoDB has recorded the result, its reply is lost, and the SDK sends the write again.',
  runsAllowed: 1,
  remark: 'Both are right: the peer writes the same once more, here the refused write is known for its own.',
  async play(lab) {
    await lab.send('first request, reply lost', {
      must: 'result',
      fault: { on: 'complete', kind: 'reply-lost', tries: 1 },
    });
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const lostCompleteForGood: Scenario = {
  id: 'lost-complete-for-good',
  title: 'All replies to the completing write are lost',
  story: 'DynamoDB has recorded the result, but none of its replies arrives, however often the SDK tries.',
  runsAllowed: 1,
  remark:
    'The peer tells its caller of an error although the work is done. Its middleware deletes the recorded result on top of it; with its wrapper the retry finds it.',
  async play(lab) {
    await lab.send('first request, replies lost', {
      must: 'result',
      fault: { on: 'complete', kind: 'reply-lost', tries: Number.POSITIVE_INFINITY },
    });
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const unreachable: Scenario = {
  id: 'unreachable',
  title: 'DynamoDB cannot be reached',
  story: 'No request of the first sandbox arrives. The retry comes when it is over.',
  runsAllowed: 1,
  remark: 'Both are right: without a record nothing runs, and the retry does.',
  async play(lab) {
    await lab.send('first request', {
      must: 'refusal',
      fault: { on: 'everything', kind: 'unreachable', tries: Number.POSITIVE_INFINITY },
    });
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const completeFails: Scenario = {
  id: 'complete-fails',
  title: 'The result cannot be recorded',
  story:
    'The handler has taken effect, and then no try to record its result arrives. The client retries at once, and again when the lock has run out.',
  runsAllowed: 1,
  remark:
    'By default both run again once the lock has run out: nothing in the table tells that the work is done. Before that, the middleware of the peer has deleted the lock. And the peer gives its caller an error for work that is done, which invites the retry.',
  play: playCompleteFails,
};

const completeFailsBlocked: Scenario = {
  id: 'complete-fails-block',
  title: "The result cannot be recorded, `onUncertain: 'block'`",
  story: 'The same, set up for operations of which a second run costs more than a lost one.',
  runsAllowed: 1,
  setup: { own: { onUncertain: 'block' } },
  remark: 'The peer has no such setting; it is shown as it is. The layer of this library brings it.',
  play: playCompleteFails,
};

async function playCompleteFails(lab: Lab): Promise<void> {
  await lab.send('first request, not recorded', {
    must: 'result',
    remainingMs: SHORT_REMAINING_MS,
    fault: { on: 'complete', kind: 'unreachable', tries: Number.POSITIVE_INFINITY },
  });
  await lab.send('retry at once', { must: 'any', isRetry: true });
  await lab.untilLeaseEnds();
  await lab.send('retry after the lock', { must: 'any', isRetry: true });
}

const lostRelease: Scenario = {
  id: 'lost-release',
  title: 'The reply to the write that gives the key back is lost',
  story:
    'The handler fails; DynamoDB has deleted the lock, its reply is lost, and the SDK sends the delete again. The client retries.',
  runsAllowed: 2,
  remark: 'Both are right: the second delete finds nothing and says so to nobody.',
  async play(lab) {
    await lab.send('first request, handler fails', {
      must: 'failure',
      work: failing,
      fault: { on: 'release', kind: 'reply-lost', tries: 1 },
    });
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const releaseFails: Scenario = {
  id: 'release-fails',
  title: 'The key cannot be given back',
  story:
    'The handler fails, and no try to delete its lock arrives. The client retries at once, and again when the lock has run out.',
  runsAllowed: 2,
  remark:
    'Nobody can reach the lock, so it stays until it has run out (the middleware of the peer deletes it at the next retry, as it does with every lock). But the caller of the peer is told that the persistence layer failed, and not what went wrong in its handler.',
  async play(lab) {
    await lab.send('first request, handler fails', {
      must: 'failure',
      work: failing,
      remainingMs: SHORT_REMAINING_MS,
      fault: { on: 'release', kind: 'unreachable', tries: Number.POSITIVE_INFINITY },
    });
    await lab.send('retry at once', { must: 'any', isRetry: true });
    await lab.untilLeaseEnds();
    await lab.send('retry after the lock', { must: 'result', isRetry: true });
  },
};

export const STORE_FAULTS: readonly Scenario[] = [
  throttledAcquire,
  lostAcquire,
  lostTakeOver,
  lostComplete,
  lostCompleteForGood,
  unreachable,
  completeFails,
  completeFailsBlocked,
  lostRelease,
  releaseFails,
];
