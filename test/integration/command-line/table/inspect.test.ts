import { randomUUID } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import middy from '@middy/core';
import { type IdempotentContext, idempotency, idempotent } from '../../../../lib/index.ts';
import { createLocks } from '../../../../lib/locks/index.ts';
import { httpApiEvent, lambdaContext } from '../../../support/events.ts';
import { EXPIRED, LAPSED, useOperatorTable } from './operator-table.ts';

const table = useOperatorTable();
const SECRET = 'secret-of-a-customer';

async function inspected(args: readonly string[], input?: string) {
  const { stdout, exitCode, stderr } = await table().run(
    ['inspect', '--json', ...args],
    input === undefined ? {} : { input },
  );
  return { exitCode, stderr, stdout, ...JSON.parse(stdout) };
}

describe('the states of a record', () => {
  test.each([
    ['in-progress', {}],
    ['uncertain', LAPSED],
    ['suspended', { leaseEndsAtMs: 0, attempt: 3 }],
    ['expired', EXPIRED],
  ])('%s', async (state, changes) => {
    const { id, owner, attempt } = await table().lock(changes);
    const { item, exitCode } = await inspected(['--id', id]);
    expect(item).toMatchObject({ kind: 'record', id, owner, attempt, state, status: 'INPROGRESS' });
    expect(exitCode).toBe(0);
  });
});

test('a record that is not there is exit code 1, and says that a request would run', async () => {
  const { stdout, stderr, exitCode } = await table().run(['inspect', '--id', 'orders#none']);
  expect(stderr).toMatch(/no record orders#none in the table .*: a request with this key would run/);
  expect([stdout, exitCode]).toEqual(['', 1]);
});

describe('a record is found by what its id is made of', () => {
  test('an HTTP request: namespace, path, method, caller and the key as it was sent', async () => {
    const key = randomUUID();
    const handler = middy(async () => ({ statusCode: 201, body: SECRET })).use(
      idempotency({ store: table().store, namespace: 'carts', caller: () => 'tenant-1' }),
    );
    await handler(httpApiEvent({ key, path: '/cart/items' }), lambdaContext() as IdempotentContext);
    const name = ['--namespace', 'carts', '--path', '/cart/items', '--caller', 'tenant-1'];
    const bare = await inspected([...name, '--key', key]);
    expect(bare.item).toMatchObject({ state: 'completed', attempt: 1 });
    expect((await inspected([...name, '--key', `"${key}"`])).item).toEqual(bare.item);
    expect((await inspected([...name, '--method', 'post', '--key', '-'], `${key}\n`)).item).toEqual(
      bare.item,
    );
    const other = await table().run(['inspect', ...name.slice(0, 4), '--caller', 'tenant-2', '--key', key]);
    expect(other.exitCode).toBe(1);
  });

  test('an event of another kind: namespace and key', async () => {
    const key = randomUUID();
    await idempotent(async () => ({ paid: true }), {
      store: table().store,
      namespace: 'pay',
      key: () => key,
    })({}, lambdaContext());
    expect((await inspected(['--namespace', 'pay', '--key', key])).item).toMatchObject({
      state: 'completed',
    });
  });

  test.each<[string, string[], RegExp]>([
    ['nothing', [], /--id names it, or --namespace and --key/],
    ['both', ['--id', 'x', '--key', 'y'], /not both/],
    ['a caller without a path', ['--namespace', 'n', '--key', 'k', '--caller', 'c'], /--path is missing/],
    ['a key that no request can have', ['--namespace', 'n', '--path', '/', '--key', 'a,b'], /No request can/],
  ])('%s is exit code 2', async (_description, args, message) => {
    const { stderr, exitCode } = await table().run(['inspect', ...args]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});

describe('results and steps', () => {
  const complete = async (result: unknown) => {
    const key = randomUUID();
    await idempotent(async () => result, { store: table().store, namespace: 'r', key: () => key })(
      {},
      lambdaContext(),
    );
    return ['--namespace', 'r', '--key', key];
  };

  test('are not shown unless asked for, not even in part', async () => {
    const name = await complete({ note: SECRET });
    const { stdout } = await table().run(['inspect', ...name]);
    expect(stdout).toMatch(/result +JSON of 31 bytes/);
    expect(stdout + (await inspected(name)).stdout).not.toContain(SECRET);
    expect((await table().run(['inspect', ...name, '--show-result'])).stdout).toContain(SECRET);
  });

  test.each<[string, unknown, RegExp]>([
    ['short', { a: 1 }, /^JSON of 7 bytes$/],
    ['compressed', { text: 'abc '.repeat(5_000) }, /^JSON of 20011 bytes, compressed to \d+$/],
    ['undefined', undefined, /^nothing was returned$/],
  ])('%s', async (_kind, result, description) => {
    const shown = await inspected([...(await complete(result)), '--show-result']);
    expect(shown.item.result).toMatch(description);
    expect(shown.result).toEqual(
      result === undefined ? { missing: 'nothing was returned' } : { value: result },
    );
  });

  test('in chunks: whole, and each chunk says whose it is', async () => {
    const result = { noise: Array.from({ length: 6_000 }, () => randomUUID()).join('') };
    const shown = await inspected([...(await complete(result)), '--show-result']);
    expect(shown.item.result).toMatch(/^JSON of \d+ bytes, compressed, in chunks: 1$/);
    expect(shown.result).toEqual({ value: result });
    const { id, owner } = shown.item;
    const chunk = await inspected(['--id', `${id}#chunk#${owner}#0`]);
    expect(chunk.item).toMatchObject({ kind: 'chunk', recordId: id, owner });
  });

  test('steps by name, their results when asked for', async () => {
    const { id, owner } = await table().lock();
    await table().store.recordStep({ id, owner }, 'charge', JSON.stringify({ card: SECRET }));
    const { item, stdout } = await inspected(['--id', id]);
    expect(item.steps).toEqual(['charge']);
    expect(stdout).not.toContain(SECRET);
    expect((await inspected(['--id', id, '--show-result'])).steps).toEqual({ charge: { card: SECRET } });
  });
});

test('a record of Powertools is shown as what it is', async () => {
  const { client, tableName } = table();
  const id = `fn#${randomUUID()}`;
  const expiration = String(Math.floor(Date.now() / 1000) + 3600);
  await client.send(
    new PutItemCommand({
      TableName: tableName,
      Item: {
        id: { S: id },
        status: { S: 'COMPLETED' },
        expiration: { N: expiration },
        data: { M: { statusCode: { N: '201' } } },
      },
    }),
  );
  const shown = await inspected(['--id', id, '--show-result']);
  expect(shown.item).toMatchObject({ state: 'completed', writtenBy: 'powertools' });
  expect(shown.item.owner).toBeUndefined();
  expect(shown.result).toEqual({ value: { statusCode: 201 } });
});

test('a lock is shown with its holders', async () => {
  const { client, tableName } = table();
  const locks = createLocks({ tableName, client, namespace: 'seats' });
  const held = await locks.mutex('seat-1').acquire();
  const { stdout } = await table().run(['list', '--status', 'all']);
  expect(stdout).not.toContain('lock:');
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256')
    .update(JSON.stringify(['seat-1']))
    .digest('base64url');
  const { item } = await inspected(['--id', `lock:seats:${hash}`]);
  expect(item).toMatchObject({ kind: 'lock', permits: 1, holders: [{ fencingToken: held.fencingToken }] });
  await held.release();
});

test('what is none of ours is called so', async () => {
  const { client, tableName } = table();
  await client.send(
    new PutItemCommand({ TableName: tableName, Item: { id: { S: 'x' }, secret: { S: SECRET } } }),
  );
  const { item, stdout } = await inspected(['--id', 'x']);
  expect(item).toEqual({ kind: 'unknown', id: 'x', attributes: ['id', 'secret'] });
  expect(stdout).not.toContain(SECRET);
});
