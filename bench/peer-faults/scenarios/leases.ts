/** Attempts that end late, in the dark, or not at all. */
import { answerOf, deferred, failing, type Lab } from '../lab.ts';
import type { Scenario } from '../scenario.ts';

/** Short, because scenarios wait for the lease to end; long enough for the first request to take it on a busy machine. */
const SHORT_REMAINING_MS = 1000;

const LATE =
  'An attempt outlives its lock where clocks of two sandboxes differ, where a frozen sandbox is thawed, and where the function is called outside Lambda.';

const BLOCK = { own: { onUncertain: 'block' } } as const;

const lateSuccess: Scenario = {
  id: 'late-success',
  title: 'Late success after a takeover',
  story: `The first attempt outlives its lock; a second takes over and finishes; then the first finishes too. ${LATE}`,
  runsAllowed: 2,
  remark:
    'That both run cannot be helped by either library once the lock has lapsed. What can: that every caller is told of one result. Here the first attempt finds the record of the second and answers with it; the writes of the peer carry no condition, and its first attempt overwrites the record.',
  async play(lab) {
    const finishFirst = await takenOver(lab, answerOf);
    await finishFirst();
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const lateFailure: Scenario = {
  id: 'late-failure',
  title: 'Late failure after a takeover',
  story: `The first attempt outlives its lock; a second takes over and finishes; then the first fails. ${LATE}`,
  runsAllowed: 2,
  remark: 'The delete of the peer carries no condition, and takes away the result of the other attempt.',
  async play(lab) {
    const finishFirst = await takenOver(lab, failing);
    await finishFirst();
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const crash: Scenario = {
  id: 'crash',
  title: 'Crash before the completion',
  story:
    'The sandbox dies while the handler runs. The client retries at once, and again when the lock has run out.',
  runsAllowed: 2,
  remark:
    'Nobody can know whether the first attempt took effect. Both libraries refuse until the lock has run out and then run again, which is what their documentation says.',
  play: playCrash,
};

const crashBlocked: Scenario = {
  id: 'crash-block',
  title: "Crash before the completion, `onUncertain: 'block'`",
  story: 'The same, set up for operations of which a second run costs more than a lost one.',
  runsAllowed: 1,
  setup: BLOCK,
  remark: 'The peer has no such setting; it is shown as it is. The layer of this library brings it.',
  play: playCrash,
};

async function playCrash(lab: Lab): Promise<void> {
  await lab.crash('first request, sandbox dies', { remainingMs: SHORT_REMAINING_MS });
  await lab.send('retry at once', { must: 'any', isRetry: true });
  await lab.untilLeaseEnds();
  await lab.send('retry after the lock', { must: 'any', isRetry: true });
}

const EARLY_REMAINING_MS = 2000;
const EARLY_BY_MS = 1000;

const earlyTimeout: Scenario = {
  id: 'early-timeout',
  title: 'Early time-out of Middy',
  story:
    'Middy gives up on the handler shortly before the deadline and answers in its place. The handler is still running when the client retries.',
  runsAllowed: 1,
  setup: { timeoutEarlyInMillis: EARLY_BY_MS, own: { timeoutEarlyInMillis: EARLY_BY_MS } },
  remark:
    'The middleware of the peer takes the time-out for a failure of the handler and deletes the lock. Its wrapper, inside Middy, is right.',
  async play(lab) {
    const released = deferred();
    const first = await lab.start('first request begins', {
      must: 'any',
      remainingMs: EARLY_REMAINING_MS,
      work: async (run) => {
        await released.promise;
        return answerOf(run);
      },
    });
    await first.end('Middy gives up on it');
    // The retry has all its time, so that Middy does not give up on it as well.
    await lab.send('retry, the first still running', { must: 'any', isRetry: true });
    released.resolve();
  },
};

/** Lets a first attempt lapse and a second one take over and finish; what is returned lets the first end. */
async function takenOver(
  lab: Lab,
  firstEnds: (run: number) => Promise<unknown>,
): Promise<() => Promise<void>> {
  const released = deferred();
  const first = await lab.start('first attempt begins', {
    must: 'any',
    remainingMs: SHORT_REMAINING_MS,
    work: async (run) => {
      await released.promise;
      return firstEnds(run);
    },
  });
  await lab.untilLeaseEnds();
  await lab.send('second attempt takes over', { must: 'result', isRetry: true });
  return async () => {
    released.resolve();
    await first.end('first attempt ends');
  };
}

export const LEASES: readonly Scenario[] = [lateSuccess, lateFailure, crash, crashBlocked, earlyTimeout];
