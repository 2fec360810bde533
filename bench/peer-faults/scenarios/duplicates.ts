/** Nothing fails here: requests are repeated, overlap, or come with something changed. */
import { restApiEvent } from '../../../test/unit/http/front-door-events.ts';
import { answerOf, deferred, failing, type Lab } from '../lab.ts';
import type { Scenario } from '../scenario.ts';

const BUG_5675 =
  'Middleware of the peer: its `onError` hook deletes the record also for a request that never acquired it (reported as aws-powertools/powertools-lambda-typescript issue 5675; a fix was merged after 2.35.0). Its wrapper is right.';

const sequentialRetry: Scenario = {
  id: 'sequential-retry',
  title: 'Sequential retry',
  story: 'The client lost the answer and sends the request again after the first has finished.',
  runsAllowed: 1,
  remark: 'The case that both libraries were built for, and both are right.',
  async play(lab) {
    await lab.send('first request', { must: 'result' });
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const handlerFails: Scenario = {
  id: 'handler-fails',
  title: 'The handler fails, and the request is sent again',
  story: 'The handler throws before it has had an effect. The client sends the request again.',
  runsAllowed: 2,
  remark:
    'Both are right: the key is free at once, and the caller of the first is told of the error of its handler.',
  async play(lab) {
    await lab.send('first request, handler fails', { must: 'failure', work: failing });
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const parallelPair: Scenario = {
  id: 'parallel-pair',
  title: 'Parallel pair',
  story:
    'Two requests arrive together; one is slower than the other. A retry follows when both are answered.',
  runsAllowed: 1,
  remark:
    'Both libraries refuse one of the two, and the record comes out right: the completion of the peer writes it anew where its middleware has deleted it.',
  async play(lab) {
    const answered = deferred();
    const work = async (run: number) => {
      await answered.promise;
      return answerOf(run);
    };
    const pair = lab.startTogether([
      { must: 'any', work },
      { must: 'any', work },
    ]);
    const bothRun = Promise.all(pair.map((running) => running.begun));
    // `begun` also resolves for a request that is refused, so this waits for all that will ever happen by itself.
    await bothRun;
    answered.resolve();
    await Promise.all(pair.map((running) => running.ended));
    await pair[0].end('one of the pair');
    await pair[1].end('the other');
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const rejectedDuplicate: Scenario = {
  id: 'rejected-duplicate',
  title: 'A duplicate is rejected, then a third request comes',
  story:
    'While the first request runs, a duplicate is rejected as it should be. Then the client, being told to try again, sends a third.',
  runsAllowed: 1,
  remark: BUG_5675,
  async play(lab) {
    await whileFirstRuns(lab, async () => {
      await lab.send('duplicate', { must: 'refusal', isRetry: true });
      await lab.send('third request', { must: 'refusal', isRetry: true });
    });
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const throttledDuplicate: Scenario = {
  id: 'throttled-duplicate',
  title: 'A duplicate meets a throttled table, then a third request comes',
  story:
    'While the first request runs, all tries of a duplicate to acquire the key are throttled. Then a third comes, and the table has recovered.',
  runsAllowed: 1,
  remark: BUG_5675,
  async play(lab) {
    await whileFirstRuns(lab, async () => {
      await lab.send('duplicate, throttled', {
        must: 'refusal',
        isRetry: true,
        fault: { on: 'acquire', kind: 'throttled', tries: Number.POSITIVE_INFINITY },
      });
      await lab.send('third request', { must: 'refusal', isRetry: true });
    });
    await lab.send('retry', { must: 'result', isRetry: true });
  },
};

const otherPayload: Scenario = {
  id: 'other-payload',
  title: 'The same key with another payload',
  story:
    'The first request has finished. By mistake the client uses its key for another payload, which is refused; then it sends the first request once more.',
  runsAllowed: 1,
  remark: BUG_5675,
  async play(lab) {
    await lab.send('first request', { must: 'result' });
    await lab.send('other payload', { must: 'refusal', event: lab.event({ sku: 'pear' }) });
    await lab.send('retry of the first', { must: 'result', isRetry: true });
  },
};

const HEADER_STORY =
  'A REST API hands header names over as the client wrote them, and HTTP clients write them as they like: the first request says `Idempotency-Key`, the retry `idempotency-key`.';

async function playHeaderSpellings(lab: Lab): Promise<void> {
  const event = (name: string) =>
    restApiEvent({
      headers: { 'Content-Type': 'application/json', [name]: lab.key },
      multiValueHeaders: { 'Content-Type': ['application/json'], [name]: [lab.key] },
      body: '{"sku":"apple"}',
    });
  await lab.send('`Idempotency-Key`', { must: 'result', event: event('Idempotency-Key') });
  await lab.send('retry, `idempotency-key`', {
    must: 'result',
    isRetry: true,
    event: event('idempotency-key'),
  });
}

const headerSpelling: Scenario = {
  id: 'header-spelling',
  title: 'The header in two spellings, key required',
  story: HEADER_STORY,
  runsAllowed: 1,
  remark:
    'The key expression of the peer is a JMESPath over the event, whose member names have a case. With the key required it fails safe: nothing runs without a lock.',
  play: playHeaderSpellings,
};

const headerSpellingOptional: Scenario = {
  id: 'header-spelling-key-optional',
  title: 'The header in two spellings, key not required',
  story: `${HEADER_STORY} A request without a key may run without a lock: the default of the peer, and \`keyRequired: false\` here.`,
  runsAllowed: 1,
  setup: { own: { keyRequired: false }, peer: { throwOnNoIdempotencyKey: false } },
  play: playHeaderSpellings,
};

const headerSpellingRemedy: Scenario = {
  id: 'header-spelling-remedy',
  title: 'The header in two spellings, both named in the key expression',
  story: `${HEADER_STORY} The remedy of the peer: an expression that names every spelling to be expected.`,
  runsAllowed: 1,
  setup: { peer: { eventKeyJmesPath: 'headers."idempotency-key" || headers."Idempotency-Key"' } },
  remark: 'So set up, the peer is right for these two spellings.',
  play: playHeaderSpellings,
};

async function whileFirstRuns(lab: Lab, meanwhile: () => Promise<void>): Promise<void> {
  const released = deferred();
  const first = await lab.start('first request begins', {
    must: 'result',
    work: async (run) => {
      await released.promise;
      return answerOf(run);
    },
  });
  await meanwhile();
  released.resolve();
  await first.end('first request ends');
}

export const DUPLICATES: readonly Scenario[] = [
  sequentialRetry,
  handlerFails,
  parallelPair,
  rejectedDuplicate,
  throttledDuplicate,
  otherPayload,
  headerSpelling,
  headerSpellingOptional,
  headerSpellingRemedy,
];
