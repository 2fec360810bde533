import { describe, expect, test } from '@jest/globals';
import type { Attempt } from '../../../lib/idempotency/protocol.ts';
import { AttemptsOfCalls, type Call } from '../../../lib/powertools/attempts-of-calls.ts';

const attempt = (owner: string): Attempt => ({
  id: 'orders#1',
  owner,
  attempt: 1,
  fingerprint: '',
  leaseEndsAtMs: 0,
  steps: undefined,
});

/** As Powertools calls a layer: whoever awaits this goes on in its context. */
async function acquire(calls: AttemptsOfCalls, payload: unknown, owner: string | undefined): Promise<Call> {
  const call = calls.begin(payload);
  await Promise.resolve();
  if (owner === undefined) calls.refuse(call);
  else calls.grant(call, attempt(owner));
  return call;
}

/** As a hook that is awaited by somebody else: what it enters ends with it. */
function elsewhere<T>(run: () => Promise<T>): Promise<T> {
  return Promise.resolve().then(run);
}

const ownerOf = (found: ReturnType<AttemptsOfCalls['succeeded']>) =>
  found.kind === 'found' ? found.attempt.owner : found.kind;

describe('whose attempt it is', () => {
  test('two calls with one text, each in its context', async () => {
    const calls = new AttemptsOfCalls();
    const one = async (owner: string) => {
      await acquire(calls, 'o1', owner);
      await new Promise((resolve) => setTimeout(resolve, 2));
      return [ownerOf(calls.succeeded('o1')), ownerOf(calls.failed('o1'))];
    };
    expect(await Promise.all([one('a'), one('b'), one('c')])).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
  });

  test('without a context the payload decides, and what it cannot decide is doubtful', async () => {
    const calls = new AttemptsOfCalls();
    const payload = {};
    const first = await elsewhere(() => acquire(calls, payload, 'a'));
    expect(ownerOf(calls.succeeded(payload))).toBe('a');
    expect(ownerOf(calls.succeeded({}))).toBe('none');
    const second = await elsewhere(() => acquire(calls, payload, 'b'));
    expect(ownerOf(calls.succeeded(payload))).toBe('doubtful');
    expect(ownerOf(calls.failed(payload))).toBe('doubtful');
    calls.end(first);
    expect(ownerOf(calls.succeeded(payload))).toBe('b');
    calls.end(second);
    expect(ownerOf(calls.succeeded(payload))).toBe('none');
  });

  test.each([
    ['an object', {}],
    ['a text', 'o1'],
  ])('a refused call with %s that fails is not taken for the running one', async (_, payload) => {
    const calls = new AttemptsOfCalls();
    await elsewhere(() => acquire(calls, payload, 'a'));
    await elsewhere(() => acquire(calls, payload, undefined));
    expect(ownerOf(calls.failed(payload))).toBe('doubtful');
    expect(ownerOf(calls.succeeded(payload))).toBe('a');
  });

  test('another layer with the same payload has its own', async () => {
    const [calls, others] = [new AttemptsOfCalls(), new AttemptsOfCalls()];
    await acquire(calls, 'o1', 'a');
    await acquire(others, 'o1', 'b');
    expect([ownerOf(calls.succeeded('o1')), ownerOf(others.succeeded('o1'))]).toEqual(['a', 'b']);
  });

  describe('a call that repeats a refused one', () => {
    const lock = { id: 'orders#1', fingerprint: '', leaseEndsAtMs: 1000 };
    const asked = { ...lock, owner: 'a' };
    const refused = async (calls: AttemptsOfCalls, payload: unknown) => {
      const call = await acquire(calls, payload, undefined);
      call.asked = asked;
    };

    test('claims under the same token, in whose name a lock may be on its way', async () => {
      const calls = new AttemptsOfCalls();
      await refused(calls, 'o1');
      expect(calls.begin('o1').asked).toEqual(asked);
    });

    test('is one call: of two at once, the other has a token of its own', async () => {
      const calls = new AttemptsOfCalls();
      await refused(calls, 'o1');
      const both = [1, 2].map(() => elsewhere(async () => calls.begin('o1').asked));
      expect(await Promise.all(both)).toEqual([asked, undefined]);
    });

    test('has the same payload, the same layer and the same caller', async () => {
      const calls = new AttemptsOfCalls();
      const other = elsewhere(async () => {
        await refused(calls, 'o1');
        return [
          await elsewhere(async () => calls.begin('o2').asked),
          await elsewhere(async () => new AttemptsOfCalls().begin('o1').asked),
        ];
      });
      expect(await other).toEqual([undefined, undefined]);
      expect(calls.begin('o1').asked).toBeUndefined();
    });

    test.each([
      ['for the same lock, while the first lease would live', lock, 999, 'a'],
      ['not when that is over', lock, 1000, 'b'],
      ['not for another key', { ...lock, id: 'orders#2' }, 0, 'b'],
      ['not for a payload that has changed', { ...lock, fingerprint: 'other' }, 0, 'b'],
    ])('claims under that token %s', async (_, wanted, nowMs, owner) => {
      const calls = new AttemptsOfCalls();
      await refused(calls, 'o1');
      const call = calls.begin('o1');
      expect(call.ownerOf(wanted, nowMs, () => 'b')).toBe(owner);
      expect(call.asked).toEqual({ ...wanted, owner });
    });

    test('and not one that was granted', async () => {
      const calls = new AttemptsOfCalls();
      const call = await acquire(calls, 'o1', 'a');
      call.asked = asked;
      expect(calls.begin('o1').asked).toBeUndefined();
    });
  });

  test('a context that nobody leaves keeps nothing of what has ended', async () => {
    const calls = new AttemptsOfCalls();
    const open = await acquire(calls, 'open', 'a');
    for (let round = 0; round < 100; round++) {
      calls.end(await acquire(calls, `o${round}`, 'b'));
      await acquire(calls, `p${round}`, undefined);
    }
    const last = await acquire(calls, 'last', 'c');
    expect(last.outer).toBe(open);
    expect(open.outer).toBeUndefined();
  });
});
