/** OwnedPersistenceLayer under Powertools' own code: whose call is whose, in one process, and what it does with a result. */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { makeHandlerIdempotent } from '@aws-lambda-powertools/idempotency/middleware';
import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { IdempotencyEvent } from '../../../lib/index.ts';
import { OwnedPersistenceLayer, type OwnedPersistenceLayerOptions } from '../../../lib/powertools/index.ts';
import { allItems } from '../../support/all-items.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { lambdaContext } from '../../support/events.ts';
import { middyInUse } from '../../versions/middy-in-use.ts';

let client: DynamoDBClient;
let tableName: string;
let events: IdempotencyEvent[];
beforeAll(() => {
  client = testClient();
});
beforeEach(async () => {
  tableName = await createIdempotencyTable(client);
  events = [];
});
afterAll(() => client.destroy());

const newLayer = (options: Partial<OwnedPersistenceLayerOptions> = {}) =>
  new OwnedPersistenceLayer({ tableName, client, onEvent: (event) => events.push(event), ...options });
const config = new IdempotencyConfig({});
const records = async () => (await allItems(client, tableName)).filter(({ status }) => status?.S !== 'CHUNK');

/** Work that is ended from outside, one call after the other. */
function heldWork() {
  const ends: { succeed: (value: unknown) => void; fail: () => void }[] = [];
  const work = () =>
    new Promise<unknown>((resolve, reject) => {
      ends.push({ succeed: resolve, fail: () => reject(new Error('the handler failed')) });
    });
  const running = async (count: number) => {
    while (ends.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return { ends, work, running };
}

async function letLeaseEnd(): Promise<void> {
  const [record] = await records();
  await client.send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: { id: record?.['id'] ?? { S: '' } },
      UpdateExpression: 'SET in_progress_expiration = :past',
      ExpressionAttributeValues: { ':past': { N: String(Date.now() - 10_000) } },
    }),
  );
}

const middyHandler = (layer: OwnedPersistenceLayer, work: () => Promise<unknown>, slowNeighbour: boolean) => {
  const chain = middy(async (_event: unknown, _context: Context) => work());
  // Whoever waits in front of it is awaited by somebody else, so that no context leads from hook to hook.
  if (slowNeighbour) chain.use({ before: () => new Promise<void>((resolve) => setTimeout(resolve, 1)) });
  return chain.use(makeHandlerIdempotent({ persistenceStore: layer, config }));
};
type Handler = (payload: unknown, context: Context) => Promise<unknown>;
const FORMS: [string, (layer: OwnedPersistenceLayer, work: () => Promise<unknown>) => Handler][] = [
  [
    'the wrapper',
    (layer, work) =>
      makeIdempotent(async (_: unknown, _context: Context) => work(), { persistenceStore: layer, config }),
  ],
  ['the middleware', (layer, work) => middyHandler(layer, work, false)],
  ['the middleware behind a slow one', (layer, work) => middyHandler(layer, work, true)],
];

describe.each(FORMS)('%s', (form, create) => {
  const context = lambdaContext(60_000);

  test.each([
    ['equal payloads', () => ({ orderId: 'o1' })],
    [
      'one payload object',
      (
        (payload) => () =>
          payload
      )({ orderId: 'o1' }),
    ],
    ['a text as payload', () => 'o1'],
  ])(
    'of two calls at once with %s, the refused one touches nothing, and the other is recorded',
    async (_, payload) => {
      const { ends, work, running } = heldWork();
      const handler = create(newLayer(), work);
      const first = handler(payload(), context);
      await running(1);
      await expect(handler(payload(), context)).rejects.toThrow();
      expect(await records()).toMatchObject([{ status: { S: 'INPROGRESS' } }]);
      ends[0]?.succeed({ charged: 1 });
      expect(await first).toEqual({ charged: 1 });
      expect(await records()).toMatchObject([{ status: { S: 'COMPLETED' } }]);
      expect(await handler(payload(), context)).toEqual({ charged: 1 });
      expect(ends).toHaveLength(1);
    },
  );

  test('of two attempts of one key in one process, each writes for itself', async () => {
    const { ends, work, running } = heldWork();
    const handler = create(newLayer(), work);
    const first = handler({ orderId: 'o1' }, context);
    await running(1);
    await letLeaseEnd();
    const second = handler({ orderId: 'o1' }, context);
    await running(2);
    ends[0]?.fail();
    await expect(first).rejects.toThrow('the handler failed');
    expect(await records()).toMatchObject([{ status: { S: 'INPROGRESS' }, attempt: { N: '2' } }]);
    ends[1]?.succeed('second');
    expect(await second).toBe('second');
    expect(await handler({ orderId: 'o1' }, context)).toBe('second');
  });

  test('of two attempts of one text, each writes for itself, or neither where nothing tells them apart', async () => {
    const { ends, work, running } = heldWork();
    const handler = create(newLayer(), work);
    const first = handler('o1', context);
    await running(1);
    await letLeaseEnd();
    const second = handler('o1', context);
    await running(2);
    ends[0]?.fail();
    await expect(first).rejects.toThrow('the handler failed');
    expect(await records()).toMatchObject([{ status: { S: 'INPROGRESS' }, attempt: { N: '2' } }]);
    ends[1]?.succeed('second');
    // Middy 7 goes on in the context of the earlier hook, which tells the two apart; Middy 6 does not.
    if (form === 'the middleware behind a slow one' && middyInUse() === '6') {
      await expect(second).rejects.toMatchObject({
        cause: { message: expect.stringContaining('Several attempts') },
      });
      expect(await records()).toMatchObject([{ status: { S: 'INPROGRESS' } }]);
    } else {
      expect(await second).toBe('second');
      expect(await handler('o1', context)).toBe('second');
    }
  });

  test('an overtaken attempt is told so, and the result of the other stands', async () => {
    const { ends, work, running } = heldWork();
    const handler = create(newLayer(), work);
    const first = handler({ orderId: 'o1' }, context);
    await running(1);
    await letLeaseEnd();
    const second = handler({ orderId: 'o1' }, context);
    await running(2);
    ends[1]?.succeed('second');
    await second;
    ends[0]?.succeed('first');
    await expect(first).rejects.toMatchObject({ cause: { code: 'SUPERSEDED' } });
    expect(await handler({ orderId: 'o1' }, context)).toBe('second');
    expect(events).toContainEqual(expect.objectContaining({ type: 'superseded', attempt: 1 }));
  });

  test('fifty keys at once, half of which fail, do not mix', async () => {
    const layer = newLayer();
    const run = async (index: number) => {
      const handler = create(layer, async () => {
        await new Promise((resolve) => setTimeout(resolve, index % 5));
        if (index % 2 === 1) throw new Error(`failed ${index}`);
        return { index };
      });
      return handler({ orderId: `o${index}` }, context).catch((error: Error) => error.message);
    };
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, index) => run(index)));
    expect(outcomes).toEqual(
      Array.from({ length: 50 }, (_, index) => (index % 2 === 1 ? `failed ${index}` : { index })),
    );
    const left = await records();
    expect(left).toHaveLength(25);
    expect(left.every(({ status }) => status?.S === 'COMPLETED')).toBe(true);
  });

  test('a payload that is changed on the way is still the one that was acquired', async () => {
    const payload: Record<string, unknown> = { body: '{"a":1}' };
    const handler = create(newLayer(), async () => {
      payload['body'] = JSON.parse(String(payload['body']));
      return 'done';
    });
    expect(await handler(payload, context)).toBe('done');
    expect(await handler({ body: '{"a":1}' }, context)).toBe('done');
    expect(await records()).toHaveLength(1);
  });

  test(`a result that cannot be replayed whole is not run again (${form})`, async () => {
    let runs = 0;
    const handler = create(newLayer(), async () => {
      runs += 1;
      return { cycle: 1n };
    });
    await handler({ orderId: 'o1' }, context);
    await expect(handler({ orderId: 'o1' }, context)).rejects.toMatchObject({ code: 'RESULT_NOT_RECORDED' });
    expect(runs).toBe(1);
  });
});

test('an inner function on the same layer has a call of its own, awaited or not', async () => {
  const layer = newLayer();
  const inner = makeIdempotent(async (id: string) => `inner ${id}`, {
    persistenceStore: layer,
    config,
    keyPrefix: 'inner',
  });
  const outer = makeIdempotent(async (id: string) => `outer of ${await inner(`${id}/1`)}`, {
    persistenceStore: layer,
    config,
    keyPrefix: 'outer',
  });
  config.registerLambdaContext(lambdaContext());
  expect(await outer('o1')).toBe('outer of inner o1/1');
  const left = await records();
  expect(left.map(({ data }) => data?.S).sort()).toEqual(['inner o1/1', 'outer of inner o1/1']);
});

test('a lock whose outcome is unknown blocks where that is asked for', async () => {
  const { work, running } = heldWork();
  const handler = makeIdempotent(async (_: unknown, _context: Context) => work(), {
    persistenceStore: newLayer({ onUncertain: 'block' }),
    config,
  });
  void handler({ orderId: 'o1' }, lambdaContext());
  await running(1);
  await letLeaseEnd();
  await expect(handler({ orderId: 'o1' }, lambdaContext())).rejects.toMatchObject({
    name: 'IdempotencyPersistenceLayerError',
    cause: { code: 'OUTCOME_UNKNOWN' },
  });
});

test('a completion without an acquired key is refused, as of a durable replay in another process', async () => {
  const layer = newLayer();
  layer.configure({ config });
  await expect(layer.saveSuccess({ orderId: 'o1' }, 'done')).rejects.toThrow(/durable functions/);
  await layer.deleteRecord({ orderId: 'o1' });
  expect(await records()).toEqual([]);
});

test.each([
  { awsSdkV3Client: {} },
  { onUncertain: 'run' },
  { clockSkewMs: -1 },
  { onEvent: 1 },
  { timeoutEarlyInMillis: 0.5 },
])('the option %j is refused at once', (wrong) => {
  expect(() => newLayer(wrong as never)).toThrow(/OwnedPersistenceLayer/);
});
