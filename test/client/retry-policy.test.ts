/** The rules of retrying, and what holds for every schedule that follows from them. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createIdempotentFetch, deliveryOf } from '../../lib/client/index.ts';
import { isSettled, pauseBeforeNextTry, type TryOutcome } from '../../lib/client/retry-policy.ts';

const answer = (status: number, problemCode?: 'IN_PROGRESS' | 'OUTCOME_UNKNOWN'): TryOutcome => ({
  kind: 'answer',
  response: new Response(null, { status }),
  problemCode,
});
const failed: TryOutcome = { kind: 'failed', reason: 'network', error: new Error('reset') };

describe('whether an operation is settled', () => {
  test.each([
    ['a result', answer(201), true, true],
    ['a redirection', answer(303), true, true],
    ['a refusal', answer(422), true, true],
    ['no answer', failed, false, false],
    ['an answer of the moment', answer(503), false, false],
    ['one that is in progress', answer(409, 'IN_PROGRESS'), false, false],
    ['an outcome that is held back as unknown', answer(409, 'OUTCOME_UNKNOWN'), false, false],
    ['a first try that is turned away at the door, and a later one', answer(401), true, false],
    ['the same, forbidden', answer(403), true, false],
  ])('%s', (_, outcome, first, later) => {
    expect([isSettled(outcome, false), isSettled(outcome, true)]).toEqual([first, later]);
  });
});

describe('pauses', () => {
  const policy = { pauseBaseMs: 200, pauseMaxMs: 10_000, retryAfterMaxMs: 60_000 };

  test('are drawn from 0 to a bound that doubles, up to its maximum', () => {
    const longest = (turn: number) =>
      pauseBeforeNextTry(failed, turn, policy, { random: () => 0.999_999, nowMs: 0 });
    expect([0, 1, 2, 5, 6, 60, 2_000].map(longest)).toEqual([200, 400, 800, 6_400, 10_000, 10_000, 10_000]);
    expect(pauseBeforeNextTry(failed, 5, policy, { random: () => 0, nowMs: 0 })).toBe(0);
  });

  test('measure a date by the clock of the server that sent it', () => {
    const headers = { 'retry-after': 'Wed, 21 Oct 2015 07:28:10 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' };
    const outcome: TryOutcome = {
      kind: 'answer',
      response: new Response(null, { status: 503, headers }),
      problemCode: undefined,
    };
    expect(pauseBeforeNextTry(outcome, 0, policy, { random: () => 0, nowMs: 0 })).toBe(10_000);
  });

  test.each(['Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994', 'Sun, 06 Nov 1994 08:49:37 GMT'])(
    'read the three forms that dates have in HTTP: %s',
    (value) => {
      const outcome: TryOutcome = {
        kind: 'answer',
        response: new Response(null, { status: 503, headers: { 'retry-after': value } }),
        problemCode: undefined,
      };
      const nowMs = Date.UTC(1994, 10, 6, 8, 49, 30);
      expect(pauseBeforeNextTry(outcome, 0, policy, { random: () => 0, nowMs })).toBe(7_000);
    },
  );
});

describe('any schedule of faults, in virtual time', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const event = fc.oneof(
    fc.record({ kind: fc.constant('drop' as const), tookMs: fc.nat(5_000) }),
    fc.record({
      kind: fc.constant('answer' as const),
      tookMs: fc.nat(5_000),
      status: fc.constantFrom(408, 409, 425, 429, 500, 502, 503, 504),
      retryAfter: fc.option(fc.oneof(fc.nat(200).map(String), fc.constant('soon'))),
    }),
    fc.record({ kind: fc.constant('silence' as const), tookMs: fc.constant(Number.POSITIVE_INFINITY) }),
    fc.record({ kind: fc.constant('result' as const), tookMs: fc.nat(5_000) }),
  );
  const settings = fc.record({
    tryTimeoutMs: fc.integer({ min: 1, max: 4_000 }),
    deadlineMs: fc.integer({ min: 1, max: 100_000 }),
    maxTries: fc.integer({ min: 1, max: 12 }),
    pauseBaseMs: fc.nat(1_000),
    pauseMaxMs: fc.nat(10_000),
    retryAfterMaxMs: fc.nat(100_000),
  });

  test('one key and the same bytes on every try; no try begins or ends past the deadline; tries are bounded', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 12 }),
        settings,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (events, options, randoms) => {
          const startMs = performance.now();
          const queue = [...events];
          const tries: { key: string | null; body: unknown; atMs: number; retryAfterMs: number }[] = [];
          const send = createIdempotentFetch({
            ...options,
            random: () => randoms.next().value ?? 0,
            fetch: (_, { headers, body, signal } = {}) => {
              const next = queue.shift() ?? { kind: 'silence', tookMs: Number.POSITIVE_INFINITY };
              const asked = next.kind === 'answer' ? Number(next.retryAfter ?? 0) * 1000 || 0 : 0;
              const own = { retryAfterMs: 0 };
              tries.push(
                Object.assign(own, {
                  key: new Headers(headers).get('idempotency-key'),
                  body: String(body),
                  atMs: performance.now() - startMs,
                }),
              );
              return new Promise<Response>((resolve, reject) => {
                signal?.addEventListener('abort', () => reject(signal.reason));
                if (next.kind === 'silence') return;
                setTimeout(() => {
                  if (next.kind === 'drop') return reject(new TypeError('reset'));
                  // Not where the try was given up in the same millisecond: then nobody has read it.
                  if (!signal?.aborted) own.retryAfterMs = Math.min(asked, options.retryAfterMaxMs);
                  const retryAfter = next.kind === 'answer' ? next.retryAfter : null;
                  const init = {
                    status: next.kind === 'answer' ? next.status : 201,
                    headers: retryAfter === null ? {} : { 'retry-after': retryAfter },
                  };
                  resolve(new Response('whole', init));
                }, next.tookMs);
              });
            },
          });
          let end: Response | Error | undefined;
          send('http://localhost/', { method: 'POST', body: 'x' }).then(
            (response) => {
              end = response;
            },
            (error: Error) => {
              end = error;
            },
          );
          // A millisecond over, since a timer that is due rings within it.
          for (let passedMs = 0; end === undefined && passedMs <= options.deadlineMs + 1; passedMs += 250) {
            await jest.advanceTimersByTimeAsync(Math.min(250, options.deadlineMs + 1));
          }
          expect(end).toBeDefined();
          expect(tries.length).toBeLessThanOrEqual(options.maxTries);
          expect(new Set(tries.map(({ key, body }) => `${key} ${body}`)).size).toBe(1);
          for (const [index, { atMs }] of tries.entries()) {
            expect(atMs).toBeLessThan(options.deadlineMs);
            const before = tries[index - 1];
            if (before !== undefined) expect(atMs - before.atMs).toBeGreaterThanOrEqual(before.retryAfterMs);
          }
          // A result that came in time is what the caller got, and nothing was sent after it.
          if (end instanceof Response) expect(deliveryOf(end)?.tries).toBe(tries.length);
        },
      ),
      { numRuns: 150 },
    );
  });
});
