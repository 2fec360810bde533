import { beforeEach, describe, expect, test } from '@jest/globals';
import { StoreError } from '../../../lib/idempotency/errors.ts';
import { type Claim, claim, complete, type ProtocolSettings } from '../../../lib/idempotency/protocol.ts';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';

const LEASE_MS = 10_000;
const ID = 'orders#1';

let nowMs: number;
let store: MemoryStore;

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  store = new MemoryStore();
});

function settings(records: IdempotencyStore = store): ProtocolSettings {
  return {
    store: records,
    now: () => nowMs,
    newOwner: () => crypto.randomUUID(),
    retentionSeconds: 3600,
    clockSkewMs: 0,
    onUncertain: 'retry',
  };
}

function request(fingerprint = 'payload') {
  return { id: ID, fingerprint, leaseEndsAtMs: nowMs + LEASE_MS };
}

function attemptOf(claimed: Claim) {
  if (claimed.kind !== 'acquired') throw new Error(`expected the key to be acquired, got ${claimed.kind}`);
  return claimed.attempt;
}

/** The process is frozen over its whole lease, behind the operation that is named. */
function freezingBehind(frozen: 'acquire' | 'takeOver'): IdempotencyStore {
  return interceptedStore(store, async (operation, proceed) => {
    const outcome = await proceed();
    if (operation === frozen) nowMs += LEASE_MS;
    return outcome;
  });
}

/** Its outcome is in doubt: it may have had its effect, and may still be running somewhere. */
async function firstAttemptInDoubt() {
  const first = attemptOf(await claim(settings(), request()));
  nowMs += LEASE_MS;
  return first;
}

describe('a request that is too late to run, with an attempt in doubt before it', () => {
  test('takes nothing over once its own lease has ended: who is in doubt may still complete', async () => {
    const first = attemptOf(await claim(settings(), request()));
    nowMs += LEASE_MS / 2;
    await expect(claim(settings(freezingBehind('acquire')), request())).rejects.toThrow(StoreError);
    expect(await store.read(ID)).toMatchObject({ status: 'INPROGRESS', owner: first.owner, attempt: 1 });
    expect(await complete(settings(), first, { kind: 'undefined' })).toEqual({ kind: 'settled' });
  });

  test('leaves the lock that it took over too late: attempts are counted on, and not anew', async () => {
    await firstAttemptInDoubt();
    await expect(claim(settings(freezingBehind('takeOver')), request())).rejects.toThrow(StoreError);
    expect(attemptOf(await claim(settings(), request())).attempt).toBe(3);
  });

  test('leaves the key bound to its payload', async () => {
    await firstAttemptInDoubt();
    await expect(claim(settings(freezingBehind('takeOver')), request())).rejects.toThrow(StoreError);
    expect(await claim(settings(), request('another payload'))).toEqual({ kind: 'mismatch' });
  });
});
