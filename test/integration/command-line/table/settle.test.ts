/** `release` and `complete` write what was shown, or nothing. */
import { randomUUID } from 'node:crypto';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import middy from '@middy/core';
import { fingerprintOf } from '../../../../lib/idempotency/fingerprint.ts';
import { recordId } from '../../../../lib/idempotency/operation.ts';
import {
  DynamoDbStore,
  type IdempotentContext,
  type InProgressRecord,
  idempotency,
  idempotent,
} from '../../../../lib/index.ts';
import { httpApiEvent, lambdaContext } from '../../../support/events.ts';
import { runCommand } from '../../../support/test-terminal.ts';
import { withStandIn } from './aws-stand-in.ts';
import { EXPIRED, HOUR_MS, LAPSED, useOperatorTable } from './operator-table.ts';

const table = useOperatorTable();

const COMMANDS: readonly (readonly [command: string, extra: readonly string[]])[] = [
  ['release', []],
  ['complete', ['--result', '{"settled":"by an operator"}']],
];

async function itemOf(id: string) {
  const { client, tableName } = table();
  const { Item: item } = await client.send(
    new GetItemCommand({ TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true }),
  );
  return item;
}

const operatorResult = (record: InProgressRecord) => ({
  result: { kind: 'json', json: '"the real one"' } as const,
  expiresAtSeconds: record.expiresAtSeconds,
});

describe.each(COMMANDS)('%s', (command, extra) => {
  const run = (id: string, args: readonly string[], answer?: () => Promise<string> | string) =>
    table().run([command, '--id', id, ...extra, ...args], answer === undefined ? {} : { answer });

  test('asks, and does nothing on anything but yes', async () => {
    const { id } = await table().lock(LAPSED);
    const before = await itemOf(id);
    const { exitCode, stderr } = await run(id, [], () => 'n');
    expect(stderr).toContain('uncertain: the lease is over');
    expect(stderr).toContain('Nothing was written.');
    expect(exitCode).toBe(1);
    expect(await itemOf(id)).toEqual(before);
  });

  test('with nobody to ask, needs --yes', async () => {
    const { id } = await table().lock(LAPSED);
    const { exitCode, stderr } = await run(id, []);
    expect(stderr).toMatch(/--yes goes on without a question/);
    expect(exitCode).toBe(2);
    expect((await run(id, ['--yes'])).exitCode).toBe(0);
  });

  test('--dry-run shows what would be done, and writes nothing', async () => {
    const { id } = await table().lock(LAPSED);
    const before = await itemOf(id);
    const { exitCode, stdout } = await run(id, ['--dry-run']);
    expect(stdout).toBe(`Would ${command} the key. Nothing was written.\n`);
    expect(exitCode).toBe(0);
    expect(await itemOf(id)).toEqual(before);
  });

  test('--json prints one document, and says whether it was done', async () => {
    const { id } = await table().lock(LAPSED);
    const { stdout } = await run(id, ['--yes', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ id, done: true, item: { kind: 'record', id } });
  });

  describe('leaves alone', () => {
    const refused = async (id: string, args: readonly string[] = ['--yes']) => {
      const before = await itemOf(id);
      const { exitCode, stderr } = await run(id, args);
      expect(await itemOf(id)).toEqual(before);
      expect(exitCode).toBe(1);
      return stderr;
    };

    test('a key that is not there', async () => {
      expect(await refused('orders#none')).toMatch(/There is no record/);
    });

    test('a key that is consumed', async () => {
      const record = await table().lock();
      await table().store.complete(record, operatorResult(record));
      expect(await refused(record.id)).toMatch(/consumed, which is final/);
    });

    test('a record that has expired', async () => {
      expect(await refused((await table().lock(EXPIRED)).id)).toMatch(/has expired and counts as absent/);
    });

    test('a chunk, a lock, and what is none of ours', async () => {
      const { client, tableName } = table();
      for (const status of ['CHUNK', undefined]) {
        const id = `x-${randomUUID()}#chunk#o#0`;
        const item = { id: { S: id }, ...(status === undefined ? {} : { status: { S: status } }) };
        await client.send(new PutItemCommand({ TableName: tableName, Item: item }));
        expect(await refused(id)).toMatch(/no record of a request/);
      }
    });

    test('a live lease, also with --force, unless its owner is named', async () => {
      const { id, owner } = await table().lock();
      expect(await refused(id)).toContain(`--force --owner ${owner}`);
      expect(await refused(id, ['--yes', '--force'])).toContain(`--force --owner ${owner}`);
      expect(await refused(id, ['--yes', '--owner', owner])).toContain(`--force --owner ${owner}`);
      expect(await refused(id, ['--yes', '--force', '--owner', 'x'])).toMatch(/has changed hands/);
      expect((await run(id, ['--yes', '--force', '--owner', owner])).exitCode).toBe(0);
    });

    test('a record of another owner than the one that is named', async () => {
      const { id } = await table().lock(LAPSED);
      expect(await refused(id, ['--yes', '--owner', 'x'])).toMatch(/has changed hands/);
    });
  });

  /** Each happens after the record was shown, and before it is written. */
  describe('is refused, and undoes nothing, where in between', () => {
    const { store } = { store: () => table().store };
    const events: [string, Partial<InProgressRecord>, (record: InProgressRecord) => Promise<unknown>][] = [
      [
        'a retry takes the key over',
        LAPSED,
        (record) =>
          store().takeOver(
            { ...record, owner: 'next', attempt: 2, leaseEndsAtMs: Date.now() + 60_000 },
            record,
          ),
      ],
      [
        'a retry takes the key over and completes it',
        LAPSED,
        async (record) => {
          const next = { ...record, owner: 'next', attempt: 2, leaseEndsAtMs: Date.now() + 60_000 };
          await store().takeOver(next, record);
          await store().complete(next, operatorResult(record));
        },
      ],
      [
        'the attempt completes after all',
        LAPSED,
        (record) => store().complete(record, operatorResult(record)),
      ],
      ['the attempt renews its lease', LAPSED, (record) => store().renew(record, Date.now() + 60_000)],
      ['the attempt gives the key back', LAPSED, (record) => store().release(record)],
      [
        'the attempt gives the key back and another request takes it',
        LAPSED,
        async (record) => {
          await store().release(record);
          await store().acquire({ ...record, owner: 'next', leaseEndsAtMs: Date.now() + 60_000 }, 0);
        },
      ],
      [
        'a forced one renews its lease',
        { leaseEndsAtMs: Date.now() + HOUR_MS },
        (record) => store().renew(record, Date.now() + 2 * HOUR_MS),
      ],
    ];

    test.each(events)('%s', async (_description, changes, happen) => {
      const record = await table().lock(changes);
      const { exitCode, stderr } = await run(record.id, ['--force', '--owner', record.owner], async () => {
        await happen(record);
        return 'yes';
      });
      expect(stderr).toMatch(/has changed since it was shown, and was left alone/);
      expect(exitCode).toBe(1);
      // What the others have left is what is there.
      const left = await itemOf(record.id);
      const again = await table().lock({ ...changes, id: `twin-of-${record.id}` });
      await happen(again);
      const twin = await itemOf(again.id);
      expect(left?.['status']).toEqual(twin?.['status']);
      expect(left?.['data']).toEqual(twin?.['data']);
      expect(left?.['owner']).toEqual(
        twin && (twin['owner']?.S === again.owner ? { S: record.owner } : twin['owner']),
      );
      expect(left?.['in_progress_expiration'] === undefined).toBe(twin === undefined);
      expect(left?.['in_progress_expiration']).not.toEqual({ N: '0' });
    });
  });

  test('is done where the reply was lost and the SDK has sent it again', async () => {
    const { id } = await table().lock(LAPSED);
    const args = [command, '--table', table().tableName, '--id', id, ...extra, '--yes'];
    const outcome = await withStandIn({ loseReplyOnceOf: 'UpdateItem' }, (endpoint) =>
      runCommand([...args, '--endpoint', endpoint]),
    );
    expect(outcome).toMatchObject({
      exitCode: 0,
      stdout: `${command === 'release' ? 'Released' : 'Completed'}.\n`,
    });
  });

  test('says what is there now also on an engine that does not bring it back', async () => {
    const record = await table().lock(LAPSED);
    const takeOver = async () => {
      await table().store.takeOver(
        { ...record, owner: 'next', attempt: 2, leaseEndsAtMs: Date.now() + 60_000 },
        record,
      );
      return 'yes';
    };
    const args = [command, '--table', table().tableName, '--id', record.id, ...extra];
    const outcome = await withStandIn({ withoutOldItems: true }, (endpoint) =>
      runCommand([...args, '--endpoint', endpoint], { answer: takeOver }),
    );
    expect(outcome.stderr).toMatch(
      /has changed since it was shown, and was left alone. It is now: in-progress/,
    );
    expect(outcome.exitCode).toBe(1);
  });

  test('says so where the write is not permitted', async () => {
    const { id } = await table().lock(LAPSED);
    const before = await itemOf(id);
    const args = [command, '--table', table().tableName, '--id', id, ...extra, '--yes'];
    const outcome = await withStandIn({ denied: ['UpdateItem'] }, (endpoint) =>
      runCommand([...args, '--endpoint', endpoint]),
    );
    expect(outcome).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/Not permitted: .*UpdateItem/),
    });
    expect(await itemOf(id)).toEqual(before);
  });
});

/** A function whose attempts leave what the test wants, and whose runs are counted. */
function guarded(key: string, fn: () => Promise<unknown> = async () => 'ran') {
  let runs = 0;
  const handler = idempotent(
    async (_event: object, { idempotency }) => {
      runs += 1;
      await idempotency.step('charge', async () => `charged by attempt ${idempotency.attempt}`);
      return { attempt: idempotency.attempt, value: await fn() };
    },
    { store: table().store, namespace: 'settled', key: () => key, onUncertain: 'block', onEvent: () => {} },
  );
  return { call: () => handler({}, lambdaContext()), runs: () => runs };
}

/** A record as an attempt that died after a step has left it. */
async function inDoubt(key: string): Promise<InProgressRecord> {
  const { client, tableName } = table();
  const record = await table().lock({ ...LAPSED, id: recordId('settled', [key]), fingerprint: '' });
  const store = new DynamoDbStore({ tableName, client });
  await store.recordStep(record, 'charge', '"charged by attempt 1"');
  return record;
}

describe('after release', () => {
  test('the next request runs at once, as the next attempt, with the steps that were recorded', async () => {
    const key = randomUUID();
    const { id } = await inDoubt(key);
    const { call, runs } = guarded(key);
    await expect(call()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await table().run(['release', '--namespace', 'settled', '--key', key, '--yes']);
    expect(await itemOf(id)).toMatchObject({ 'step:charge': { S: '"charged by attempt 1"' } });
    expect(await call()).toEqual({ attempt: 2, value: 'ran' });
    expect(await call()).toEqual({ attempt: 2, value: 'ran' });
    expect(runs()).toBe(1);
  });

  test('an attempt that was alive after all may still complete, and nothing runs again', async () => {
    const key = randomUUID();
    const record = await inDoubt(key);
    await table().run(['release', '--id', record.id, '--yes']);
    await table().store.complete(record, { ...operatorResult(record), stepNames: ['charge'] });
    const { call, runs } = guarded(key);
    expect(await call()).toBe('the real one');
    expect(runs()).toBe(0);
  });

  test('a second one has nothing to do', async () => {
    const { id } = await table().lock({ ...LAPSED });
    await table().run(['release', '--id', id, '--yes']);
    const again = await table().run(['release', '--id', id, '--yes']);
    expect(again).toMatchObject({ exitCode: 0, stdout: 'Nothing to do: it is so already.\n' });
  });
});

describe('after complete', () => {
  test('retries get the result that was given, nothing runs, and no step is left', async () => {
    const key = randomUUID();
    const { id } = await inDoubt(key);
    const result = { charged: 'by hand', note: 'x'.repeat(3_000) };
    await table().run(['complete', '--id', id, '--yes', '--result', JSON.stringify(result)]);
    const { call, runs } = guarded(key);
    expect(await call()).toEqual(result);
    expect(runs()).toBe(0);
    const item = await itemOf(id);
    expect(item?.['step:charge']).toBeUndefined();
    // Long enough to be compressed, as the library itself does it.
    expect(item?.['data_encoding']).toEqual({ S: 'br' });
    const expiration = Number(item?.['expiration']?.N);
    expect(expiration - Date.now() / 1000).toBeGreaterThan(86_300);
    expect(expiration - Date.now() / 1000).toBeLessThan(86_500);
  });

  test('an attempt that was alive after all is told that it is not its own result', async () => {
    const record = await table().lock(LAPSED);
    await table().run(['complete', '--id', record.id, '--yes', '--result', '"by hand"']);
    const outcome = await table().store.complete(record, operatorResult(record));
    expect(outcome).toMatchObject({ applied: false, current: { status: 'COMPLETED' } });
    const current = outcome.applied ? undefined : outcome.current;
    expect(current?.owner).not.toBe(record.owner);
    expect(current?.result).toEqual({ kind: 'json', json: '"by hand"' });
  });

  test('an HTTP answer is replayed as one', async () => {
    const key = randomUUID();
    const path = '/cart/items';
    const id = recordId('carts', [null, 'POST', path, key]);
    await table().lock({ ...LAPSED, id, fingerprint: fingerprintOf('payload') });
    const name = ['--namespace', 'carts', '--path', path, '--key', key];
    const answer = ['--http-status', '201', '--http-header', 'Location: /cart/c1', '--http-body', '{"a":1}'];
    await table().run(['complete', ...name, ...answer, '--yes', '--retention', '7d']);
    const handler = middy(async () => ({ statusCode: 500 })).use(
      idempotency({
        store: table().store,
        namespace: 'carts',
        fingerprint: () => 'payload',
        caller: () => undefined,
      }),
    );
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    const context = lambdaContext() as IdempotentContext;
    expect(await handler(httpApiEvent({ key, path }), context)).toEqual({
      statusCode: 200,
      headers: { Location: '/cart/c1', 'Idempotent-Replayed': 'true' },
      body: '{"a":1}',
    });
  });

  test.each<[string, string[], RegExp]>([
    ['no result', [], /Either --result, or --http-status/],
    ['two results', ['--result', '1', '--http-status', '200'], /Either --result, or --http-status/],
    ['a result that is no JSON', ['--result', 'done'], /is no JSON/],
    ['a body without a status', ['--result', '1', '--http-body', 'x'], /belong to --http-status/],
    ['a status that is none of a result', ['--http-status', '500'], /whole number from 200 to 499/],
  ])('%s is exit code 2', async (_description, args, message) => {
    const { id } = await table().lock(LAPSED);
    const { exitCode, stderr } = await table().run(['complete', '--id', id, '--yes', ...args]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});

describe('records of Powertools, which name no owner', () => {
  async function lockOfPowertools(leaseEndsAtMs: number) {
    const id = `fn#${randomUUID()}`;
    const { client, tableName } = table();
    await client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: {
          id: { S: id },
          status: { S: 'INPROGRESS' },
          expiration: { N: String(Math.floor(Date.now() / 1000) + 3600) },
          in_progress_expiration: { N: String(leaseEndsAtMs) },
        },
      }),
    );
    return id;
  }

  test('are released once their lease is over, and no sooner', async () => {
    const live = await lockOfPowertools(Date.now() + 60_000);
    expect((await table().run(['release', '--id', live, '--yes'])).exitCode).toBe(1);
    const lapsed = await lockOfPowertools(Date.now() - 1_000);
    expect((await table().run(['release', '--id', lapsed, '--yes'])).exitCode).toBe(0);
    expect((await itemOf(lapsed))?.['in_progress_expiration']).toEqual({ N: '0' });
  });

  test('are completed in the form in which Powertools replays', async () => {
    const id = await lockOfPowertools(Date.now() - 1_000);
    await table().run(['complete', '--id', id, '--yes', '--result', '{"paid":true}']);
    expect(await itemOf(id)).toMatchObject({
      status: { S: 'COMPLETED' },
      data: { M: { paid: { BOOL: true } } },
    });
  });
});
