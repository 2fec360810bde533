/**
 * The SDK retries by itself, and DynamoDB may have applied the first try. Here the real client, with its real
 * retries, loses the reply to one write after the engine has applied it.
 */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Attempt,
  type Claim,
  claim,
  complete,
  type ProtocolSettings,
  release,
} from '../../../lib/idempotency/protocol.ts';
import { DynamoDbStore } from '../../../lib/stores/dynamodb-store.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';

let tableName: string;
let client: DynamoDBClient;
let sent: string[];
let nowMs: number;
let serial = 0;

beforeAll(async () => {
  tableName = await createIdempotencyTable();
});

beforeEach(() => {
  client = testClient({ maxAttempts: 3 });
  sent = [];
  nowMs = 1_800_000_000_000;
});

afterEach(() => client.destroy());

function settings(): ProtocolSettings {
  return {
    store: new DynamoDbStore({ tableName, client }),
    now: () => nowMs,
    newOwner: () => `owner-${++serial}`,
    retentionSeconds: 3600,
    clockSkewMs: 0,
    onUncertain: 'retry',
  };
}

const request = (id: string) => ({ id, fingerprint: 'payload', leaseEndsAtMs: nowMs + 10_000 });

function attemptOf(claimed: Claim): Attempt {
  if (claimed.kind !== 'acquired') throw new Error(`expected the key to be acquired, got ${claimed.kind}`);
  return claimed.attempt;
}

/** From now on: the first reply is lost as if the connection had been reset, and the SDK tries again. */
function loseNextReply(): void {
  let lost = false;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      sent.push(String(context['commandName']));
      const reply = await next(args);
      if (lost) return reply;
      lost = true;
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
    },
    // Inside the retries: each try on the wire passes here.
    { step: 'finalizeRequest', priority: 'low', name: 'loseNextReply' },
  );
}

describe('a write whose reply was lost and which the SDK sent again', () => {
  test('is an acquired lock, not somebody else’s', async () => {
    loseNextReply();
    const attempt = attemptOf(await claim(settings(), request('k1')));
    expect(sent).toEqual(['PutItemCommand', 'PutItemCommand']);
    expect(await complete(settings(), attempt, { kind: 'undefined' })).toEqual({ kind: 'settled' });
  });

  test('is a takeover', async () => {
    await claim(settings(), request('k2'));
    nowMs += 10_000;
    const { store, ...others } = settings();
    // The acquire that is refused goes through; it is the takeover whose reply is lost.
    const lossy = interceptedStore(store, (operation, proceed) => {
      if (operation === 'takeOver') loseNextReply();
      return proceed();
    });
    const attempt = attemptOf(await claim({ ...others, store: lossy }, request('k2')));
    expect(attempt.attempt).toBe(2);
    expect(sent).toEqual(['UpdateItemCommand', 'UpdateItemCommand']);
  });

  test('is a completion', async () => {
    const attempt = attemptOf(await claim(settings(), request('k3')));
    loseNextReply();
    expect(await complete(settings(), attempt, { kind: 'json', json: '1' })).toMatchObject({
      kind: 'settled',
      found: { status: 'COMPLETED', owner: attempt.owner, result: { json: '1' } },
    });
    expect(sent).toEqual(['UpdateItemCommand', 'UpdateItemCommand']);
    expect(await claim(settings(), request('k3'))).toEqual({
      kind: 'completed',
      result: { kind: 'json', json: '1' },
    });
  });

  test('is a release', async () => {
    const attempt = attemptOf(await claim(settings(), request('k4')));
    loseNextReply();
    expect(await release(settings(), attempt)).toEqual({ kind: 'settled' });
    // The second delete finds nothing; the read makes sure of it, since no old item came back.
    expect(sent).toEqual(['DeleteItemCommand', 'DeleteItemCommand', 'GetItemCommand']);
    expect(await claim(settings(), request('k4'))).toMatchObject({ kind: 'acquired' });
  });
});
