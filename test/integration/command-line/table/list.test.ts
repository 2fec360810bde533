import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { EXPIRED, HOUR_MS, LAPSED, useOperatorTable } from './operator-table.ts';

const table = useOperatorTable();
const ids: Record<string, string> = {};

beforeAll(async () => {
  const { lock, store, client, tableName } = table();
  ids['running'] = (await lock()).id;
  ids['lapsed'] = (await lock(LAPSED)).id;
  ids['long lapsed'] = (await lock({ leaseEndsAtMs: Date.now() - 5 * HOUR_MS })).id;
  ids['suspended'] = (await lock({ leaseEndsAtMs: 0 })).id;
  ids['expired'] = (await lock(EXPIRED)).id;
  const completed = await lock();
  ids['completed'] = completed.id;
  await store.complete(completed, {
    result: { kind: 'json', json: '"secret"' },
    expiresAtSeconds: completed.expiresAtSeconds,
  });
  const chunk = { id: { S: 'a#chunk#b#0' }, status: { S: 'CHUNK' }, expiration: { N: '1' } };
  await client.send(new PutItemCommand({ TableName: tableName, Item: chunk }));
});

async function listed(...args: string[]) {
  const { stdout, exitCode } = await table().run(['list', '--json', ...args]);
  const { records, scannedItems, stoppedAtLimit } = JSON.parse(stdout);
  expect(exitCode).toBe(0);
  const names = records.map(({ id }: { id: string }) => Object.keys(ids).find((name) => ids[name] === id));
  return { names: names.sort(), scannedItems, stoppedAtLimit, stdout };
}

describe('lists', () => {
  test.each<[string, string[], string[]]>([
    ['keys in doubt by default', [], ['lapsed', 'long lapsed']],
    ['those older than', ['--older-than', '2h'], ['long lapsed']],
    ['in progress', ['--status', 'in-progress'], ['running']],
    ['suspended', ['--status', 'suspended'], ['suspended']],
    ['completed', ['--status', 'completed'], ['completed']],
    ['expired', ['--status', 'expired'], ['expired']],
    [
      'all, but no chunks',
      ['--status', 'all'],
      ['completed', 'expired', 'lapsed', 'long lapsed', 'running', 'suspended'],
    ],
  ])('%s', async (_description, args, expected) => {
    const { names, stdout } = await listed(...args);
    expect(names).toEqual(expected);
    expect(stdout).not.toContain('secret');
  });
});

test('stops at the limit and says so', async () => {
  const { names, stoppedAtLimit } = await listed('--status', 'all', '--limit', '2');
  expect(names).toHaveLength(2);
  expect(stoppedAtLimit).toBe(true);
  expect((await listed('--status', 'all', '--limit', '6')).stoppedAtLimit).toBe(false);
  const { stdout } = await table().run(['list', '--status', 'all', '--limit', '2']);
  expect(stdout).toMatch(/^id +state +attempt +lease ends +expires\n/);
  expect(stdout).toMatch(/2 of \d+ items, and there may be more: --limit/);
});

describe('what is in the way is one line and exit code 3', () => {
  test('no such table', async () => {
    const { stderr, exitCode } = await table().run(['list', '--table', 'nowhere']);
    expect(stderr).toBe(
      'error: There is no table "nowhere" in this account and region. --table and --region name others.\n',
    );
    expect(exitCode).toBe(3);
  });

  test('no engine', async () => {
    const { stderr, exitCode } = await table().run(['list', '--endpoint', 'http://127.0.0.1:9']);
    expect(stderr).toMatch(
      /^error: DynamoDB did not do what was asked of the table ".*": .*ECONNREFUSED.*\.\n$/,
    );
    expect(exitCode).toBe(3);
  });

  test('no name of a table is exit code 2', async () => {
    const { runCommand } = await import('../../../support/test-terminal.ts');
    expect(await runCommand(['list'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/IDEMPOTENCY_TABLE/),
    });
  });
});
