/** OwnedPersistenceLayer where a record expires while Powertools looks at it, and Powertools asks for the key again. */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
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

// Found by the simulation: the call was refused for its own lock.
test('a late copy of its own first request does not lock a call out that is made again', async () => {
  await charge({ orderId: 'o1' }, lambdaContext());
  const [record] = await allItems(client, tableName);
  events = [];
  nowMs = EXPIRY_MS + 999;
  onEvent = ({ type }) => {
    // Replayed by the layer, and expired by the time at which Powertools looks at it.
    if (type === 'replayed') nowMs += 1;
  };
  const sent: PutItemCommand['input'][] = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      if ('Item' in args.input) {
        sent.push(args.input as PutItemCommand['input']);
        if (sent.length === 2) await ttlAndLateCopy();
      }
      return next(args);
    },
    { step: 'initialize', name: 'late copy' },
  );
  async function ttlAndLateCopy(): Promise<void> {
    const other = testClient();
    await other.send(
      new DeleteItemCommand({ TableName: tableName, Key: { id: record?.['id'] ?? { S: '' } } }),
    );
    await other.send(new PutItemCommand(sent[0] as PutItemCommand['input']));
    other.destroy();
  }
  try {
    expect(await charge({ orderId: 'o1' }, lambdaContext())).toEqual({ charged: 2 });
  } finally {
    client.middlewareStack.remove('late copy');
  }
  expect(sent).toHaveLength(2);
  expect(events).toEqual(['replayed', 'acquired', 'completed']);
});
