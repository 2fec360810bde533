import { beforeEach, describe, expect, test } from '@jest/globals';
import { ResultTooLargeError, StoreError } from '../../../lib/idempotency/errors.ts';
import {
  type Attempt,
  type Claim,
  claim,
  complete,
  endLease,
  lookAt,
  type ProtocolSettings,
  recordStep,
  release,
  renew,
  successorOf,
} from '../../../lib/idempotency/protocol.ts';
import { SUSPENDED } from '../../../lib/idempotency/record.ts';
import type {
  IdempotencyRecord,
  IdempotencyStore,
  RecordedResult,
} from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { interceptedStore, losingFirstReplyOf } from '../../support/intercepted-store.ts';

const START_MS = 1_800_000_000_000;
const LEASE_MS = 10_000;
const RETENTION_SECONDS = 3600;
const ID = 'orders#1';

let nowMs: number;
let store: MemoryStore;
let owners: number;

beforeEach(() => {
  nowMs = START_MS;
  store = new MemoryStore();
  owners = 0;
});

function settings(changes: Partial<ProtocolSettings> = {}): ProtocolSettings {
  return {
    store,
    now: () => nowMs,
    newOwner: () => `owner-${++owners}`,
    retentionSeconds: RETENTION_SECONDS,
    clockSkewMs: 0,
    onUncertain: 'retry',
    ...changes,
  };
}

function request(fingerprint = 'payload') {
  return { id: ID, fingerprint, leaseEndsAtMs: nowMs + LEASE_MS };
}

function attemptOf(claimed: Claim): Attempt {
  if (claimed.kind !== 'acquired') throw new Error(`expected the key to be acquired, got ${claimed.kind}`);
  return claimed.attempt;
}

const answer = (text: string): RecordedResult => ({ kind: 'json', json: JSON.stringify(text) });

describe('claim', () => {
  test('acquires an unknown key as attempt 1, with a lease and a retention', async () => {
    expect(await claim(settings(), request())).toEqual({
      kind: 'acquired',
      attempt: {
        id: ID,
        owner: 'owner-1',
        attempt: 1,
        fingerprint: 'payload',
        leaseEndsAtMs: START_MS + LEASE_MS,
      },
    });
    expect(await store.read(ID)).toMatchObject({
      status: 'INPROGRESS',
      expiresAtSeconds: START_MS / 1000 + RETENTION_SECONDS,
    });
  });

  test('tells a duplicate of a running attempt how long the lease still lasts, and touches nothing', async () => {
    await claim(settings(), request());
    const before = await store.read(ID);
    nowMs += 4000;
    for (let duplicate = 0; duplicate < 10; duplicate++) {
      expect(await claim(settings(), request())).toEqual({ kind: 'in-progress', retryAfterMs: 6000 });
    }
    expect(await store.read(ID)).toEqual(before);
  });

  test('gives a duplicate of a completed attempt its result, until the retention is over', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    nowMs += 500;
    await complete(settings(), attempt, answer('first'));
    const completed = { kind: 'completed', result: answer('first') };

    expect(await claim(settings(), request())).toEqual(completed);
    nowMs += RETENTION_SECONDS * 1000;
    expect(await claim(settings(), request())).toEqual(completed);
    nowMs += 1000;
    expect(await claim(settings(), request())).toMatchObject({ kind: 'acquired', attempt: { attempt: 1 } });
  });

  test('counts an expired lock as absent, even while the store still holds it', async () => {
    await claim(settings(), request());
    nowMs += RETENTION_SECONDS * 1000 + 1000;
    expect(await claim(settings({ onUncertain: 'block' }), request())).toMatchObject({ kind: 'acquired' });
  });

  test.each([10_000, 10_500, 10_999])(
    'never lets a record expire before its lease of %d ms ends, however short the retention',
    async (leaseMs) => {
      const brief = settings({ retentionSeconds: 1 });
      await claim(brief, { ...request(), leaseEndsAtMs: nowMs + leaseMs });
      nowMs += leaseMs - 1;
      expect(await claim(brief, request())).toMatchObject({ kind: 'in-progress' });
    },
  );

  test('acquires a key whose record expires between the refusal and the look at it', async () => {
    await claim(settings(), request());
    nowMs += RETENTION_SECONDS * 1000;
    const slow = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'acquire') nowMs += 1000;
      return outcome;
    });
    expect(await claim(settings({ store: slow, onUncertain: 'block' }), request())).toMatchObject({
      kind: 'acquired',
      attempt: { attempt: 1 },
    });
  });

  test('never runs a completed key again, even where owner tokens repeat', async () => {
    const careless = settings({ newOwner: () => 'always the same' });
    await complete(careless, attemptOf(await claim(careless, request())), answer('first'));
    expect(await claim(careless, request())).toEqual({ kind: 'completed', result: answer('first') });
  });

  test('takes a completed record without a result for one of undefined', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    await complete(settings(), attempt, answer('lost by the store'));
    const forgetful = interceptedStore(store, async () => {
      const { result, ...rest } = { ...(await store.read(ID)) };
      return { applied: false, current: rest };
    });
    expect(await claim(settings({ store: forgetful }), request())).toEqual({
      kind: 'completed',
      result: { kind: 'undefined' },
    });
  });

  describe('with another payload', () => {
    test.each(['in progress', 'lapsed', 'completed'])(
      'is a mismatch while %s, and changes nothing',
      async (state) => {
        const attempt = attemptOf(await claim(settings(), request()));
        if (state === 'completed') await complete(settings(), attempt, answer('first'));
        if (state === 'lapsed') nowMs += LEASE_MS;
        const before = await store.read(ID);
        expect(await claim(settings(), request('another payload'))).toEqual({ kind: 'mismatch' });
        expect(await store.read(ID)).toEqual(before);
      },
    );
  });

  describe('when the lease has lapsed', () => {
    test('takes over at the very moment it ends, as the next attempt with an owner of its own', async () => {
      await claim(settings(), request());
      nowMs += LEASE_MS - 1;
      expect(await claim(settings(), request())).toEqual({ kind: 'in-progress', retryAfterMs: 1 });
      nowMs += 1;
      expect(await claim(settings(), request())).toMatchObject({
        kind: 'acquired',
        attempt: { attempt: 2, owner: 'owner-3', leaseEndsAtMs: nowMs + LEASE_MS },
      });
      expect(await store.read(ID)).toMatchObject({ owner: 'owner-3', attempt: 2 });
    });

    test('counts every takeover', async () => {
      for (const expected of [1, 2, 3, 4]) {
        expect(attemptOf(await claim(settings(), request())).attempt).toBe(expected);
        nowMs += LEASE_MS;
      }
    });

    test("leaves the key alone where onUncertain is 'block'", async () => {
      await claim(settings(), request());
      nowMs += LEASE_MS;
      const before = await store.read(ID);
      expect(await claim(settings({ onUncertain: 'block' }), request())).toEqual({ kind: 'uncertain' });
      expect(await store.read(ID)).toEqual(before);
    });

    test('of two that see it lapsed, one takes over and the other is told that it runs', async () => {
      await claim(settings(), request());
      nowMs += LEASE_MS;
      // The rival's takeover falls between our refusal and our own takeover.
      const overtaken = interceptedStore(store, async (operation, proceed) => {
        if (operation === 'takeOver') await claim(settings(), request());
        return proceed();
      });
      expect(await claim(settings({ store: overtaken }), request())).toEqual({
        kind: 'in-progress',
        retryAfterMs: LEASE_MS,
      });
      expect(await store.read(ID)).toMatchObject({ attempt: 2 });
    });

    test('replays where the late owner completes just before the takeover', async () => {
      const late = attemptOf(await claim(settings(), request()));
      nowMs += LEASE_MS;
      const overtaken = interceptedStore(store, async (operation, proceed) => {
        if (operation === 'takeOver') await complete(settings(), late, answer('late but first'));
        return proceed();
      });
      expect(await claim(settings({ store: overtaken }), request())).toEqual({
        kind: 'completed',
        result: answer('late but first'),
      });
    });

    test('acquires afresh where the late owner releases just before the takeover', async () => {
      const late = attemptOf(await claim(settings(), request()));
      nowMs += LEASE_MS;
      const overtaken = interceptedStore(store, async (operation, proceed) => {
        if (operation === 'takeOver') await release(settings(), late);
        return proceed();
      });
      const claimed = await claim(settings({ store: overtaken }), request());
      const attempt = attemptOf(claimed);
      expect(attempt.attempt).toBe(1);
      expect(await store.read(ID)).toMatchObject({ owner: attempt.owner, attempt: 1 });
      // The late owner has told how it ended: nothing is in doubt any more.
      expect(claimed).not.toHaveProperty('leaseEndedAtMs');
    });

    test('tells of the lease that it has taken over, for nobody knows how that attempt ended', async () => {
      await claim(settings(), request());
      const leaseEndedAtMs = nowMs + LEASE_MS;
      nowMs = leaseEndedAtMs + 5;
      expect(await claim(settings(), request())).toMatchObject({ kind: 'acquired', leaseEndedAtMs });
    });
  });

  describe('when the reply to its own write is lost and the write is sent again', () => {
    test('recognises the lock that refuses it as its own', async () => {
      const attempt = attemptOf(
        await claim(settings({ store: losingFirstReplyOf(store, 'acquire') }), request()),
      );
      expect(await complete(settings(), attempt, answer('done'))).toEqual({ kind: 'settled' });
    });

    test('recognises its own takeover, with the number that it was given', async () => {
      await claim(settings(), request());
      nowMs += LEASE_MS;
      const attempt = attemptOf(
        await claim(settings({ store: losingFirstReplyOf(store, 'takeOver') }), request()),
      );
      expect(attempt.attempt).toBe(2);
      expect(await complete(settings(), attempt, answer('done'))).toEqual({ kind: 'settled' });
    });
  });

  test('does not run when the lock was granted only when its lease was about to end, and gives it back', async () => {
    const slow = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'acquire') nowMs += LEASE_MS;
      return outcome;
    });
    const late = claim(settings({ store: slow }), request());
    await expect(late).rejects.toThrow(StoreError);
    await expect(late).rejects.toThrow(/lease was about to end/);
    expect(await store.read(ID)).toBeUndefined();
  });

  test('does not run in the margin of a lease, in which a sandbox whose clock is ahead may take over', async () => {
    let grantedAfterMs = LEASE_MS - 1000;
    const slow = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'acquire') nowMs += grantedAfterMs;
      return outcome;
    });
    const late = settings({ store: slow, clockSkewMs: 1000 });
    await expect(claim(late, request())).rejects.toThrow(/lease was about to end/);
    grantedAfterMs -= 1;
    expect(await claim(late, request())).toMatchObject({ kind: 'acquired' });
  });

  test('leaves in doubt what it has taken over too late, so that the doubt is not forgotten', async () => {
    await claim(settings(), request());
    nowMs += LEASE_MS;
    const slow = interceptedStore(store, async (operation, proceed) => {
      const outcome = await proceed();
      if (operation === 'takeOver') nowMs += LEASE_MS;
      return outcome;
    });
    await expect(claim(settings({ store: slow }), request())).rejects.toThrow(StoreError);
    expect(await claim(settings(), request())).toMatchObject({
      kind: 'acquired',
      attempt: { attempt: 3 },
      leaseEndedAtMs: nowMs,
    });
  });

  test('gives up on a record that changes hands at every turn, without having written over anybody', async () => {
    const lockOf = async () => attemptOf(await claim(settings(), request()));
    let held: Attempt | undefined = await lockOf();
    let refusals = 0;
    // Whenever we look, somebody holds the lock; whenever they see us refused, they let go again.
    const restless: IdempotencyStore = interceptedStore(store, async (operation, proceed) => {
      if (operation !== 'acquire') return proceed();
      held ??= await lockOf();
      await proceed();
      refusals += 1;
      await release(settings(), held);
      held = undefined;
      return { applied: false, current: undefined };
    });
    expect(await claim(settings({ store: restless }), request())).toEqual({
      kind: 'in-progress',
      retryAfterMs: 1000,
    });
    // The first try and five more: a bound, so that no request hangs on a store that never settles.
    expect(refusals).toBe(6);
    expect(await store.read(ID)).toBeUndefined();
  });

  /** Where `isOutrun`, somebody else takes over before us, with a lease that is over as soon as it is seen. */
  function contendedStore(isOutrun: (takeover: number) => boolean) {
    const contended = {
      takeovers: 0,
      store: interceptedStore(store, async (operation, proceed) => {
        if (operation !== 'takeOver') return proceed();
        contended.takeovers += 1;
        if (isOutrun(contended.takeovers)) {
          await claim(settings(), { ...request(), leaseEndsAtMs: nowMs + 1 });
        }
        const outcome = await proceed();
        nowMs += 1;
        return outcome;
      }),
    };
    return contended;
  }

  test.each([1, 5])(
    'runs when its takeover number %i is granted: the last one counts like any other',
    async (granted) => {
      await claim(settings(), request());
      nowMs += LEASE_MS;
      const contended = contendedStore((takeover) => takeover < granted);
      expect(await claim(settings({ store: contended.store }), request())).toMatchObject({
        kind: 'acquired',
        attempt: { attempt: granted + 1 },
      });
    },
  );

  test('takes over after five takeovers of others no more, and is told to come again', async () => {
    await claim(settings(), request());
    nowMs += LEASE_MS;
    const contended = contendedStore((takeover) => {
      if (takeover > 20) throw new Error('It goes on for ever.');
      return true;
    });
    expect(await claim(settings({ store: contended.store }), request())).toEqual({
      kind: 'in-progress',
      retryAfterMs: 1000,
    });
    expect(contended.takeovers).toBe(5);
  });

  test('asks again for a lease that its owner has renewed meanwhile, once that is over, too', async () => {
    const holder = attemptOf(await claim(settings(), request()));
    nowMs += LEASE_MS;
    let tries = 0;
    const renewed = interceptedStore(store, async (operation, proceed) => {
      if (operation !== 'takeOver') return proceed();
      tries += 1;
      // A renewal that was on its way for long, and moves the end by a millisecond.
      if (tries === 1) await renew(settings(), holder, holder.leaseEndsAtMs + 1);
      nowMs += 1;
      return proceed();
    });
    expect(await claim(settings({ store: renewed }), request())).toMatchObject({
      kind: 'acquired',
      attempt: { attempt: 2 },
    });
    expect(tries).toBe(2);
  });

  test('asks once for a lease that the store itself, by its own clock, does not hold to be over', async () => {
    const { attempt: holder } = (await claim(settings(), request())) as Extract<Claim, { kind: 'acquired' }>;
    nowMs += LEASE_MS;
    const asked: string[] = [];
    const withOwnClock = interceptedStore(store, async (operation, proceed) => {
      asked.push(operation);
      if (operation !== 'takeOver') return proceed();
      return { applied: false, current: await store.read(ID) };
    });
    expect(await claim(settings({ store: withOwnClock }), request())).toEqual({
      kind: 'in-progress',
      retryAfterMs: 1000,
    });
    expect(asked).toEqual(['acquire', 'takeOver']);
    expect(await store.read(ID)).toMatchObject({ owner: holder.owner, attempt: 1 });
  });

  test('passes on the failure of a store that does not answer', async () => {
    const broken = interceptedStore(store, async () => {
      throw new StoreError('unreachable');
    });
    await expect(claim(settings({ store: broken }), request())).rejects.toThrow('unreachable');
  });
});

describe('lookAt', () => {
  const look = (fingerprint = 'payload', changes: Partial<ProtocolSettings> = {}) =>
    lookAt(settings(changes), { ...request(fingerprint), owner: 'the one who looks' });

  test('finds an unknown key free, and one whose record has expired', async () => {
    expect(await look()).toEqual({ kind: 'free' });
    await claim(settings(), request());
    nowMs += (RETENTION_SECONDS + 1) * 1000;
    expect(await look('another payload')).toEqual({ kind: 'free' });
  });

  test('sees a running attempt, a result and another payload as a claim would', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    nowMs += 4000;
    expect(await look()).toEqual({ kind: 'in-progress', retryAfterMs: 6000 });
    expect(await look('another payload')).toEqual({ kind: 'mismatch' });
    await complete(settings(), attempt, answer('first'));
    expect(await look()).toEqual({ kind: 'completed', result: answer('first') });
    expect(await look('another payload')).toEqual({ kind: 'mismatch' });
  });

  test("finds a lapsed lease free, or uncertain where onUncertain is 'block'", async () => {
    await claim(settings(), request());
    nowMs += LEASE_MS;
    expect(await look()).toEqual({ kind: 'free' });
    expect(await look('payload', { onUncertain: 'block' })).toEqual({ kind: 'uncertain' });
  });

  test('finds a key free that was given back with its record, whatever onUncertain says', async () => {
    await endLease(settings(), attemptOf(await claim(settings(), request())), SUSPENDED);
    expect(await look()).toEqual({ kind: 'free' });
    expect(await look('payload', { onUncertain: 'block' })).toEqual({ kind: 'free' });
    expect(await look('another payload')).toEqual({ kind: 'mismatch' });
  });

  test('knows a lock of its own, which a claim with the same token is then granted', async () => {
    const owner = 'the one who looks';
    await claim(settings(), { ...request(), owner });
    expect(await look()).toEqual({ kind: 'own-lock' });
    expect(await claim(settings(), { ...request(), owner })).toMatchObject({
      kind: 'acquired',
      attempt: { owner },
    });
  });

  test('tells a result of its own from a lock of its own', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    await complete(settings(), attempt, answer('done'));
    expect(await lookAt(settings(), { ...request(), owner: attempt.owner })).toEqual({
      kind: 'completed',
      result: answer('done'),
    });
  });

  test('costs one read and changes nothing', async () => {
    await claim(settings(), request());
    const before = await store.read(ID);
    const operations: string[] = [];
    const watched = interceptedStore(store, (operation, proceed) => {
      operations.push(operation);
      return proceed();
    });
    await look('payload', { store: watched });
    expect(operations).toEqual(['read']);
    expect(await store.read(ID)).toEqual(before);
  });
});

describe('complete', () => {
  test('consumes the key and counts the retention from now', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    nowMs += 2000;
    expect(await complete(settings(), attempt, answer('done'))).toEqual({ kind: 'settled' });
    expect(await store.read(ID)).toMatchObject({
      status: 'COMPLETED',
      result: answer('done'),
      expiresAtSeconds: START_MS / 1000 + 2 + RETENTION_SECONDS,
    });
  });

  test('takes its own completion for success when the reply to it was lost', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    const lossy = settings({ store: losingFirstReplyOf(store, 'complete') });
    expect(await complete(lossy, attempt, answer('done'))).toEqual({
      kind: 'settled',
      found: await store.read(ID),
    });
  });

  test('a late owner whom nobody has replaced still completes', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    nowMs += LEASE_MS * 2;
    expect(await complete(settings(), attempt, answer('late'))).toEqual({ kind: 'settled' });
  });

  test('an attempt that was taken over changes nothing and is told by whom', async () => {
    const late = attemptOf(await claim(settings(), request()));
    nowMs += LEASE_MS;
    const successor = attemptOf(await claim(settings(), request()));
    expect(await complete(settings(), late, answer('late'))).toMatchObject({
      kind: 'superseded',
      current: { status: 'INPROGRESS', owner: successor.owner },
    });

    await complete(settings(), successor, answer('the result'));
    expect(await complete(settings(), late, answer('late'))).toMatchObject({
      kind: 'superseded',
      current: { status: 'COMPLETED', result: answer('the result') },
    });
    expect(await claim(settings(), request())).toEqual({ kind: 'completed', result: answer('the result') });
  });

  test('is superseded, not repeated, when the record is gone', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    await store.release(attempt);
    expect(await complete(settings(), attempt, answer('done'))).toEqual({
      kind: 'superseded',
      current: undefined,
    });
    expect(await store.read(ID)).toBeUndefined();
  });

  test('consumes the key without the result where that is larger than a record can be', async () => {
    const tiny = settings({ store: new MemoryStore({ maxResultBytes: 10 }) });
    const attempt = attemptOf(await claim(tiny, request()));
    expect(await complete(tiny, attempt, answer('ä'.repeat(5)))).toEqual({
      kind: 'settled',
      omission: { reason: 'too-large' },
    });
    expect(await claim(tiny, request())).toEqual({
      kind: 'completed',
      result: { kind: 'omitted', reason: 'too-large' },
    });
  });

  test('measures the result in bytes, and keeps one that just fits', async () => {
    const tiny = settings({ store: new MemoryStore({ maxResultBytes: 12 }) });
    const attempt = attemptOf(await claim(tiny, request()));
    await complete(tiny, attempt, answer('ä'.repeat(5)));
    expect(await claim(tiny, request())).toEqual({ kind: 'completed', result: answer('ä'.repeat(5)) });
  });

  test.each([
    ['of its own', 11, 1000],
    ["of the store's, if that is lower", 1000, 11],
  ])('keeps nothing beyond the bound %s', async (_, resultMaxBytes, maxResultBytes) => {
    const bounded = settings({ store: new MemoryStore({ maxResultBytes }), resultMaxBytes });
    const attempt = attemptOf(await claim(bounded, request()));
    // No error: the store was not even asked.
    expect(await complete(bounded, attempt, answer('ä'.repeat(5)))).toEqual({
      kind: 'settled',
      omission: { reason: 'too-large' },
    });
  });

  test('tells of a result that has no JSON', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    const omitted = { kind: 'omitted', reason: 'not-serializable' } as const;
    expect(await complete(settings(), attempt, omitted)).toStrictEqual({
      kind: 'settled',
      omission: { reason: 'not-serializable' },
    });
  });

  test('hands the store what is left of a result, should it lose a part, and makes it only on demand', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    let made = 0;
    let handed: (() => string | undefined) | undefined;
    const curious: IdempotencyStore = {
      ...interceptedStore(store, (_, proceed) => proceed()),
      complete: (ownership, completion) => {
        handed = completion.remainderJson;
        return store.complete(ownership, completion);
      },
    };
    await complete(settings({ store: curious }), attempt, answer('done'), () => {
      made += 1;
      return { kind: 'omitted', reason: 'too-large', remainderJson: '{}' };
    });
    expect(made).toBe(0);
    expect(handed?.()).toBe('{}');
  });

  test('does not send a result of which it is known that it does not fit', async () => {
    const tiny = new MemoryStore({ maxResultBytes: 10 });
    const sent: string[] = [];
    const watched = interceptedStore(tiny, (operation, proceed) => {
      sent.push(operation);
      return proceed();
    });
    const attempt = attemptOf(await claim(settings({ store: watched }), request()));
    await complete(settings({ store: watched }), attempt, answer('does not fit'));
    expect(sent).toEqual(['acquire', 'complete']);
  });

  test("goes by the store's own refusal too, and records what the caller makes of the result", async () => {
    const strict = new MemoryStore({ maxResultBytes: 3 });
    const optimistic = { ...interceptedStore(strict, (_, proceed) => proceed()), maxResultBytes: 1_000_000 };
    const attempt = attemptOf(await claim(settings({ store: optimistic }), request()));
    const rest = { kind: 'omitted', reason: 'too-large', remainderJson: '{}' } as const;
    expect(
      await complete(settings({ store: optimistic }), attempt, answer('does not fit'), () => rest),
    ).toEqual({ kind: 'settled', omission: { reason: 'too-large', error: expect.any(ResultTooLargeError) } });
    expect(await claim(settings({ store: optimistic }), request())).toEqual({
      kind: 'completed',
      result: rest,
    });
  });

  test('fails when the store does, and leaves the lock to its lease', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    let failed = false;
    const hiccup = interceptedStore(store, (_, proceed) => {
      if (failed) return proceed();
      failed = true;
      throw new StoreError('unreachable');
    });
    // In particular it does not write the record without its result: the store said nothing of sizes.
    await expect(complete(settings({ store: hiccup }), attempt, answer('done'))).rejects.toThrow(
      'unreachable',
    );
    expect(await claim(settings(), request())).toMatchObject({ kind: 'in-progress' });
  });

  test('fails where the store refuses for its size what has no result to leave out', async () => {
    let refusals = 0;
    const full = interceptedStore(store, (operation, proceed) => {
      if (operation !== 'complete') return proceed();
      refusals += 1;
      throw new ResultTooLargeError();
    });
    const attempt = attemptOf(await claim(settings({ store: full }), request()));
    await expect(complete(settings({ store: full }), attempt, { kind: 'undefined' })).rejects.toThrow(
      ResultTooLargeError,
    );
    expect(refusals).toBe(1);
  });

  test('does not take a refusal for success while its own record is still in progress', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    const refusing = interceptedStore(store, async () => ({ applied: false, current: await store.read(ID) }));
    expect(await complete(settings({ store: refusing }), attempt, answer('done'))).toMatchObject({
      kind: 'superseded',
      current: { status: 'INPROGRESS' },
    });
  });
});

describe('release', () => {
  test('gives the key back', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    expect(await release(settings(), attempt)).toEqual({ kind: 'settled' });
    expect(await claim(settings(), request('another payload'))).toMatchObject({ kind: 'acquired' });
  });

  test('takes an absent record for success, as after a lost reply', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    const lossy = settings({ store: losingFirstReplyOf(store, 'release') });
    expect(await release(lossy, attempt)).toEqual({ kind: 'settled' });
  });

  test("a late failure never removes its successor's lock or result", async () => {
    const late = attemptOf(await claim(settings(), request()));
    nowMs += LEASE_MS;
    const successor = attemptOf(await claim(settings(), request()));
    expect(await release(settings(), late)).toMatchObject({ kind: 'superseded' });
    expect(await claim(settings(), request())).toMatchObject({ kind: 'in-progress' });
    await complete(settings(), successor, answer('kept'));
    expect(await release(settings(), late)).toMatchObject({ kind: 'superseded' });
    expect(await claim(settings(), request())).toEqual({ kind: 'completed', result: answer('kept') });
  });
});

describe('endLease', () => {
  const takenOver = async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    nowMs += LEASE_MS;
    return { attempt, successor: attemptOf(await claim(settings(), request())) };
  };

  test('lets the lease end when it is told, and keeps the record', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    expect(await endLease(settings(), attempt, nowMs + 5)).toEqual({ kind: 'settled' });
    expect(await store.read(ID)).toMatchObject({ status: 'INPROGRESS', leaseEndsAtMs: nowMs + 5 });
  });

  test('takes an absent record for success: there is no lease that could last', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    await release(settings(), attempt);
    expect(await endLease(settings(), attempt, SUSPENDED)).toEqual({ kind: 'settled' });
  });

  test('takes its own write for success when the reply to it was lost', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    let asked = 0;
    const lossy = interceptedStore(losingFirstReplyOf(store, 'renew'), (_, proceed) => {
      asked += 1;
      return proceed();
    });
    expect(await endLease(settings({ store: lossy }), attempt, SUSPENDED)).toEqual({ kind: 'settled' });
    expect(asked).toBe(1);
  });

  test('finds a lease of its own that a renewal without a reply has moved', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    await store.renew(attempt, nowMs + 2 * LEASE_MS);
    expect(await endLease(settings(), attempt, SUSPENDED)).toEqual({ kind: 'settled' });
    expect(await store.read(ID)).toMatchObject({ leaseEndsAtMs: SUSPENDED });
  });

  test('leaves the lease of a successor alone, and tells of it', async () => {
    const { attempt, successor } = await takenOver();
    const ended = await endLease(settings(), attempt, SUSPENDED);
    expect(ended).toMatchObject({ kind: 'superseded', current: { owner: successor.owner } });
    expect(await store.read(ID)).toMatchObject({ leaseEndsAtMs: successor.leaseEndsAtMs });
  });

  test('leaves a completed record alone, be it its own', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    await complete(settings(), attempt, answer('done'));
    const ended = await endLease(settings(), attempt, SUSPENDED);
    expect(ended).toMatchObject({ kind: 'superseded', current: { status: 'COMPLETED' } });
  });

  test('gives up where the lease has another end whenever it is asked', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    const asked: number[] = [];
    let end = attempt.leaseEndsAtMs;
    const restless: IdempotencyStore = {
      ...interceptedStore(store, (_, proceed) => proceed()),
      renew: async (lease) => {
        asked.push(lease.leaseEndsAtMs - attempt.leaseEndsAtMs);
        end += 1;
        const current = (await store.read(ID)) as IdempotencyRecord;
        return { applied: false, current: { ...current, leaseEndsAtMs: end } };
      },
    };
    const ended = endLease(settings({ store: restless }), attempt, SUSPENDED);
    await expect(ended).rejects.toThrow(new StoreError('The lease changed whenever it was to be ended.'));
    expect(asked).toEqual([0, 1, 2]);
  });
});

describe('renew', () => {
  test('moves the end of the lease', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    const next = nowMs + 2 * LEASE_MS;
    expect(await renew(settings(), attempt, next)).toEqual({ kind: 'renewed', leaseEndsAtMs: next });
    expect(await store.read(ID)).toMatchObject({ leaseEndsAtMs: next });
    // Once more, as if the reply had been lost.
    expect(await renew(settings(), attempt, next + 5)).toEqual({ kind: 'renewed', leaseEndsAtMs: next });
  });

  test('is settled where the attempt has completed its key, or given it back with its record', async () => {
    const completed = attemptOf(await claim(settings(), request()));
    await complete(settings(), completed, answer('done'));
    expect(await renew(settings(), completed, nowMs + LEASE_MS)).toEqual({ kind: 'settled' });

    store = new MemoryStore();
    const suspended = attemptOf(await claim(settings(), request()));
    await endLease(settings(), suspended, SUSPENDED);
    expect(await renew(settings(), suspended, nowMs + LEASE_MS)).toEqual({ kind: 'settled' });
  });

  test('is lost to a successor, and where the record is gone', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    nowMs += LEASE_MS;
    const successor = attemptOf(await claim(settings(), request()));
    expect(await renew(settings(), attempt, nowMs + LEASE_MS)).toMatchObject({
      kind: 'lost',
      current: { owner: successor.owner },
    });
    await release(settings(), successor);
    const lost = { kind: 'lost', current: undefined };
    expect(await renew(settings(), attempt, nowMs + LEASE_MS)).toEqual(lost);
  });
});

describe('recordStep', () => {
  test('records under the lock of its attempt, and tells a late one by whom it was replaced', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    expect(await recordStep(settings(), attempt, 'charge', '1')).toEqual({ kind: 'settled' });
    nowMs += LEASE_MS;
    const successor = attemptOf(await claim(settings(), request()));
    expect(successor.steps).toEqual({ charge: '1' });
    expect(await recordStep(settings(), attempt, 'ship', '2')).toEqual({
      kind: 'superseded',
      current: expect.objectContaining({ owner: successor.owner }),
    });
  });
});

test('nothing is remembered of a record that is gone', async () => {
  const remembered: unknown[] = [];
  const remember = (record: IdempotencyRecord) => remembered.push(record);
  const attempt = attemptOf(await claim(settings(), request()));
  await release(settings(), attempt);
  expect(await successorOf(settings({ remember }), attempt)).toBeUndefined();
  await complete(settings({ remember }), attempt, answer('late'));
  expect(remembered).toHaveLength(0);
});

describe('successorOf', () => {
  test('is nobody while the record is our own, and nobody once it is gone', async () => {
    const attempt = attemptOf(await claim(settings(), request()));
    expect(await successorOf(settings(), attempt)).toBeUndefined();
    await release(settings(), attempt);
    expect(await successorOf(settings(), attempt)).toBeUndefined();
  });

  test('is the record of the attempt that has taken over', async () => {
    const late = attemptOf(await claim(settings(), request()));
    nowMs += LEASE_MS;
    const successor = attemptOf(await claim(settings(), request()));
    expect(await successorOf(settings(), late)).toEqual(await store.read(ID));
    expect(await successorOf(settings(), late)).toMatchObject({ owner: successor.owner });
  });

  test('is told to be remembered', async () => {
    const remembered: IdempotencyRecord[] = [];
    const remembering = settings({ remember: (record) => remembered.push(record) });
    const late = attemptOf(await claim(settings(), request()));
    nowMs += LEASE_MS;
    const successor = attemptOf(await claim(settings(), request()));
    await complete(settings(), successor, answer('kept'));
    const current = await successorOf(remembering, late);
    expect(current).toMatchObject({ owner: successor.owner, status: 'COMPLETED' });
    expect(remembered).toEqual([current]);
  });
});
