import { randomUUID } from 'node:crypto';
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createIdempotencyTable } from '../../../support/dynamodb.ts';
import { withStandIn } from './aws-stand-in.ts';
import {
  EXPIRED,
  HOUR_MS,
  LAPSED,
  type OperatorTable,
  operatorTable,
  useOperatorTable,
} from './operator-table.ts';

const shared = useOperatorTable();
let table: OperatorTable;

beforeEach(async () => {
  table = operatorTable(shared().client, await createIdempotencyTable(shared().client));
});

async function ids(): Promise<string[]> {
  const { Items: items = [] } = await table.client.send(new ScanCommand({ TableName: table.tableName }));
  return items.map(({ id }) => id?.S ?? '').sort();
}

const seconds = (ms: number) => String(Math.floor((Date.now() + ms) / 1000));

async function put(id: string, status: string | undefined, expiresInMs: number) {
  const item = {
    id: { S: id },
    expiration: { N: seconds(expiresInMs) },
    ...(status && { status: { S: status } }),
  };
  await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: item }));
}

test('deletes expired records and chunks, and nothing else', async () => {
  await table.lock(EXPIRED);
  await put('old#chunk#o#0', 'CHUNK', -2 * HOUR_MS);
  await put('done-long-ago', 'COMPLETED', -2 * HOUR_MS);
  const kept = [
    (await table.lock()).id,
    (await table.lock(LAPSED)).id,
    (await table.lock({ leaseEndsAtMs: 0 })).id,
  ];
  await put('lock:seats:x', 'LOCK', -2 * HOUR_MS);
  await put('no-record-of-ours', undefined, -2 * HOUR_MS);
  await put('expired-just-now', 'COMPLETED', -60_000);
  const { stdout, exitCode } = await table.run(['purge', '--yes', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ expired: 3, orphanedChunks: 0, changed: 0, scannedItems: 9 });
  expect(exitCode).toBe(0);
  expect(await ids()).toEqual([...kept, 'lock:seats:x', 'no-record-of-ours', 'expired-just-now'].sort());
  await table.run(['purge', '--yes', '--expired-for', '30s']);
  expect(await ids()).not.toContain('expired-just-now');
});

describe('chunks that have not expired', () => {
  test('stay where their attempt completed, may complete, or may be about to put its record', async () => {
    const completed = await table.lock();
    await table.store.complete(completed, {
      result: { kind: 'json', json: JSON.stringify(Array.from({ length: 6_000 }, () => randomUUID())) },
      expiresAtSeconds: completed.expiresAtSeconds,
    });
    const running = await table.lock();
    await put(`${running.id}#chunk#${running.owner}#0`, 'CHUNK', HOUR_MS);
    await put('single-write#chunk#owner#0', 'CHUNK', HOUR_MS);
    const before = await ids();
    expect(before).toHaveLength(5);
    await table.run(['purge', '--yes']);
    expect(await ids()).toEqual(before);
  });

  test('go where the record is another attempt’s', async () => {
    const record = await table.lock();
    const orphan = `${record.id}#chunk#an-earlier-owner#0`;
    await put(orphan, 'CHUNK', HOUR_MS);
    const { stdout } = await table.run(['purge', '--yes']);
    expect(stdout).toMatch(/^Deleted 0 expired items and 1 orphaned chunks of 2 items\.\n$/);
    expect(await ids()).toEqual([record.id]);
  });

  test('stay where that record is about to expire: the attempt may then put its own', async () => {
    const record = await table.lock({ expiresAtSeconds: Number(seconds(60_000)) });
    const chunk = `${record.id}#chunk#an-earlier-owner#0`;
    await put(chunk, 'CHUNK', HOUR_MS);
    await table.run(['purge', '--yes']);
    expect(await ids()).toContain(chunk);
  });
});

test('a key that is taken anew between the scan and the deletion stays', async () => {
  const expired = await table.lock(EXPIRED);
  const takeAnew = async (action: string) => {
    if (action !== 'DeleteItem') return;
    await table.store.acquire({ ...expired, owner: 'next', ...fresh() }, Math.floor(Date.now() / 1000));
  };
  const outcome = await withStandIn({ before: takeAnew }, (endpoint) =>
    table.run(['purge', '--yes', '--json', '--endpoint', endpoint]),
  );
  expect(JSON.parse(outcome.stdout)).toMatchObject({ expired: 0, changed: 1 });
  expect((await table.store.read(expired.id))?.owner).toBe('next');
});

const fresh = () => ({ leaseEndsAtMs: Date.now() + 60_000, expiresAtSeconds: Number(seconds(HOUR_MS)) });

test('--dry-run counts and deletes nothing', async () => {
  await table.lock(EXPIRED);
  const before = await ids();
  const { stdout } = await table.run(['purge', '--dry-run']);
  expect(stdout).toMatch(/^Would delete 1 expired items/);
  expect(await ids()).toEqual(before);
});

test('asks, and deletes nothing on anything but yes', async () => {
  await table.lock(EXPIRED);
  expect(await table.run(['purge'], { answer: () => '' })).toMatchObject({
    exitCode: 1,
    stderr: 'Nothing was deleted.\n',
  });
  expect(await ids()).toHaveLength(1);
  expect((await table.run(['purge'])).exitCode).toBe(2);
});

test('keeps to its rate of write units', async () => {
  for (let count = 0; count < 6; count++) await table.lock(EXPIRED);
  const startedAt = performance.now();
  await table.run(['purge', '--yes', '--write-units', '10']);
  // Six units at ten a second: none earlier than this, however quick the engine.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(590);
  expect(await ids()).toEqual([]);
});
