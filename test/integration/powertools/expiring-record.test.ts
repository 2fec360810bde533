/** OwnedPersistenceLayer where a record expires while Powertools looks at it, and Powertools asks for the key again. */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import type { IdempotencyEvent } from '../../../lib/index.ts';
import { OwnedPersistenceLayer } from '../../../lib/powertools/index.ts';
import { allItems } from '../../support/all-items.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { lambdaContext } from '../../support/events.ts';

/** The beginning of a second, so that "later in the same second" can be said. */
const SECOND_MS = 1_800_000_000_000;
const RETENTION_SECONDS = 60;
const EXPIRY_MS = SECOND_MS + RETENTION_SECONDS * 1000;

let client: DynamoDBClient;
let tableName: string;
let nowMs: number;
let events: string[];
let onEvent: (event: IdempotencyEvent) => void;
let runs: number;
let charge: (event: object, context: Context) => Promise<unknown>;
beforeAll(() => {
  client = testClient();
});
afterAll(() => client.destroy());
beforeEach(async () => {
  tableName = await createIdempotencyTable(client);
  nowMs = SECOND_MS;
  jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
  events = [];
  onEvent = () => {};
  runs = 0;
  charge = makeIdempotent(async (_event: object, _context: Context) => ({ charged: ++runs }), {
    persistenceStore: new OwnedPersistenceLayer({
      tableName,
      client,
      onEvent: (event) => {
        events.push(event.type);
        onEvent(event);
      },
    }),
    config: new IdempotencyConfig({ expiresAfterSeconds: RETENTION_SECONDS }),
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

test('in the second in which its record ends a key is still replayed, and after it run anew', async () => {
  await charge({ orderId: 'o1' }, lambdaContext());
  nowMs = EXPIRY_MS + 999;
  expect(await charge({ orderId: 'o1' }, lambdaContext())).toEqual({ charged: 1 });
  nowMs = EXPIRY_MS + 1000;
  expect(await charge({ orderId: 'o1' }, lambdaContext())).toEqual({ charged: 2 });
  expect(events).toEqual(['acquired', 'completed', 'replayed', 'acquired', 'completed']);
});

describe('a late copy of a first request that was refused', () => {
  let sent: PutItemCommand['input'][];
  let beforePut: (count: number) => Promise<void>;
  beforeEach(async () => {
    await charge({ orderId: 'o1' }, lambdaContext());
    events = [];
    nowMs = EXPIRY_MS + 999;
    sent = [];
    beforePut = async () => {};
    client.middlewareStack.add(
      (next) => async (args) => {
        if ('Item' in args.input) {
          sent.push(args.input as PutItemCommand['input']);
          await beforePut(sent.length);
        }
        return next(args);
      },
      { step: 'initialize', name: 'late copy' },
    );
  });
  afterEach(() => {
    client.middlewareStack.remove('late copy');
  });

  async function ttlAndLateCopy(): Promise<void> {
    const other = testClient();
    const [record] = await allItems(other, tableName);
    await other.send(
      new DeleteItemCommand({ TableName: tableName, Key: { id: record?.['id'] ?? { S: '' } } }),
    );
    await other.send(new PutItemCommand(sent[0] as PutItemCommand['input']));
    other.destroy();
  }

  // Found by the simulation: the call was refused for its own lock.
  test('does not lock the call out when it is made again', async () => {
    onEvent = ({ type }) => {
      // Replayed by the layer, and expired by the time at which Powertools looks at it.
      if (type === 'replayed') nowMs += 1;
    };
    beforePut = async (count) => {
      if (count === 2) await ttlAndLateCopy();
    };
    expect(await charge({ orderId: 'o1' }, lambdaContext())).toEqual({ charged: 2 });
    expect(sent).toHaveLength(2);
    expect(events).toEqual(['replayed', 'acquired', 'completed']);
  });

  test('is taken over when its lease is over, as anybody else would do it', async () => {
    const order = { orderId: 'o1' };
    expect(await charge(order, lambdaContext(10_000))).toEqual({ charged: 1 });
    await ttlAndLateCopy();
    nowMs += 30_000;
    expect(await charge(order, lambdaContext(10_000))).toEqual({ charged: 2 });
    expect(events).toEqual(['replayed', 'acquired', 'completed']);
  });
});
