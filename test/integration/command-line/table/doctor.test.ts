import { randomUUID } from 'node:crypto';
import { CreateTableCommand, ScanCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { runCommand } from '../../../support/test-terminal.ts';
import { type StandInSettings, withStandIn } from './aws-stand-in.ts';
import { useOperatorTable } from './operator-table.ts';

const table = useOperatorTable();

interface Check {
  readonly id: string;
  readonly verdict: string;
  readonly found: string;
}

async function examined(settings: StandInSettings = {}, args: readonly string[] = []) {
  return withStandIn(settings, async (endpoint) => {
    const outcome = await runCommand([
      'doctor',
      '--json',
      ...['--table', table().tableName, '--endpoint', endpoint, '--lambda-endpoint', endpoint],
      ...args,
    ]);
    const { checks = [] } = outcome.stdout === '' ? {} : (JSON.parse(outcome.stdout) as { checks: Check[] });
    const found = (id: string) => checks.find((check) => check.id === id);
    const idsOf = (verdict: string) =>
      checks.filter((check) => check.verdict === verdict).map(({ id }) => id);
    return { ...outcome, found, idsOf };
  });
}

const WELL = { DeletionProtectionEnabled: true } as const;

describe('a table as the construct makes it', () => {
  test('has no problem and no warning, and nothing is written to it', async () => {
    const { idsOf, exitCode } = await examined({ description: WELL });
    expect(idsOf('problem')).toEqual([]);
    // Whether an engine has backups is up to the engine.
    expect(idsOf('warning').filter((id) => id !== 'backups')).toEqual([]);
    expect(idsOf('ok')).toEqual(
      expect.arrayContaining(['table', 'key-schema', 'billing', 'ttl', 'permission-PutItem', 'clock']),
    );
    expect(exitCode).toBe(0);
    const { Count: items } = await table().client.send(new ScanCommand({ TableName: table().tableName }));
    expect(items).toBe(0);
  });

  test('for people: a line a check, what would be right, and why', async () => {
    const { stdout } = await table().run(['doctor']);
    expect(stdout).toMatch(/^ok +table +ACTIVE\n/);
    expect(stdout).toMatch(/^warning +deletion-protection +off\n +right: on\n +why: without its records/m);
    expect(stdout).toMatch(/\n0 problems, \d warnings?, \d not checked\n$/);
  });
});

test('a table that is not there is a problem, and the only thing said', async () => {
  const { idsOf, found, exitCode } = await examined({}, ['--table', 'nowhere']);
  expect(idsOf('problem')).toEqual(['table']);
  expect(found('ttl')).toBeUndefined();
  expect(exitCode).toBe(1);
});

describe('tables that are not right', () => {
  async function otherTable(input: Partial<ConstructorParameters<typeof CreateTableCommand>[0]>) {
    const tableName = `other-${randomUUID()}`;
    await table().client.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        ...input,
      }),
    );
    return tableName;
  }

  test('TTL that is off is a warning, one on another attribute a problem', async () => {
    const tableName = await otherTable({});
    expect((await examined({}, ['--table', tableName])).found('ttl')).toMatchObject({
      verdict: 'warning',
      found: 'off',
    });
    await table().client.send(
      new UpdateTimeToLiveCommand({
        TableName: tableName,
        TimeToLiveSpecification: { AttributeName: 'in_progress_expiration', Enabled: true },
      }),
    );
    const { found, exitCode } = await examined({}, ['--table', tableName]);
    expect(found('ttl')).toMatchObject({ verdict: 'problem', found: 'on, by "in_progress_expiration"' });
    expect(exitCode).toBe(1);
  });

  test('provisioned capacity is a warning, which is a problem with --strict', async () => {
    const tableName = await otherTable({
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 7 },
    });
    const { found, exitCode } = await examined({}, ['--table', tableName]);
    expect(found('billing')).toMatchObject({
      verdict: 'warning',
      found: 'provisioned, 7 write units a second',
    });
    expect(exitCode).toBe(0);
    expect((await examined({}, ['--table', tableName, '--strict'])).exitCode).toBe(1);
  });

  test.each<[string, Record<string, unknown>, string, string]>([
    ['another key', { KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] }, 'key-schema', 'problem'],
    ['a table in the making', { TableStatus: 'CREATING' }, 'table', 'problem'],
    ['a key that cannot be used', { TableStatus: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS' }, 'table', 'problem'],
    ['a replica', { Replicas: [{ RegionName: 'us-east-1' }] }, 'replicas', 'problem'],
    [
      'a replica with strong consistency',
      { Replicas: [{ RegionName: 'us-east-1' }], MultiRegionConsistency: 'STRONG' },
      'replicas',
      'ok',
    ],
  ])('%s', async (_description, description, id, verdict) => {
    expect((await examined({ description })).found(id)?.verdict).toBe(verdict);
  });
});

describe('permissions', () => {
  test.each(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'])(
    '%s is missed, and it alone',
    async (action) => {
      const { idsOf, exitCode } = await examined({ description: WELL, denied: [action] });
      expect(idsOf('problem')).toEqual([`permission-${action}`]);
      expect(exitCode).toBe(1);
    },
  );

  test('what needs another one that is missing is not checked, and says which', async () => {
    const { idsOf, found, exitCode } = await examined({
      denied: ['DescribeTable', 'DescribeTimeToLive', 'DescribeContinuousBackups'],
    });
    expect(found('key-schema')).toMatchObject({
      verdict: 'not-checked',
      found: 'needs the permission dynamodb:DescribeTable',
    });
    expect(found('ttl')?.found).toBe('needs the permission dynamodb:DescribeTimeToLive');
    expect(found('backups')?.found).toBe('needs the permission dynamodb:DescribeContinuousBackups');
    expect(idsOf('problem')).toEqual([]);
    expect(exitCode).toBe(0);
  });
});

test('a clock that differs is a warning', async () => {
  const { found } = await examined({ clockAheadMs: 60_000 });
  expect(found('clock')).toMatchObject({
    verdict: 'warning',
    found: expect.stringMatching(/^(59|60|61)\.\d s behind/),
  });
});

describe('the function', () => {
  const lambda = (timeout: number, variables: Record<string, string> = {}) => ({
    lambda: {
      Timeout: timeout,
      Environment: { Variables: { IDEMPOTENCY_TABLE: table().tableName, ...variables } },
    },
  });
  const credentials = { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };

  async function ofFunction(settings: StandInSettings) {
    const before = { ...process.env };
    // The SDK's own client for Lambda finds its credentials and region there.
    Object.assign(process.env, credentials, { AWS_REGION: 'eu-west-1' });
    try {
      return await examined(settings, ['--function', 'add-to-cart']);
    } finally {
      for (const name of [...Object.keys(credentials), 'AWS_REGION']) delete process.env[name];
      Object.assign(process.env, before);
    }
  }

  test('that fits is all right', async () => {
    const { found } = await ofFunction(lambda(15));
    expect(found('function-timeout')).toMatchObject({ verdict: 'ok', found: '15 s' });
    expect(found('function-table')?.verdict).toBe('ok');
    expect(found('sdk-retries')?.verdict).toBe('ok');
  });

  test.each<[string, StandInSettings, string, string]>([
    ['that outlives the gateway', { lambda: { Timeout: 60 } }, 'function-timeout', 'warning'],
    ['that ends before its tries', { lambda: { Timeout: 3 } }, 'function-timeout', 'warning'],
    [
      'with another table',
      { lambda: { Timeout: 15, Environment: { Variables: { IDEMPOTENCY_TABLE: 'other' } } } },
      'function-table',
      'problem',
    ],
    [
      'with adaptive retries',
      { lambda: { Timeout: 15, Environment: { Variables: { AWS_RETRY_MODE: 'adaptive' } } } },
      'sdk-retries',
      'warning',
    ],
    [
      'that may not be looked at',
      { denied: ['GetFunctionConfiguration'] },
      'function-timeout',
      'not-checked',
    ],
  ])('%s', async (_description, settings, id, verdict) => {
    expect((await ofFunction(settings)).found(id)?.verdict).toBe(verdict);
  });

  test('or its time-out alone, from the command line', async () => {
    const { found } = await examined({}, ['--function-timeout', '30']);
    expect(found('function-timeout')).toMatchObject({ verdict: 'warning', found: '30 s' });
    expect(found('function-table')?.verdict).toBe('not-checked');
  });
});

test('an engine that is not there is exit code 3', async () => {
  const { exitCode, stderr } = await table().run(['doctor', '--endpoint', 'http://127.0.0.1:9']);
  expect(stderr).toMatch(/ECONNREFUSED/);
  expect(exitCode).toBe(3);
});
