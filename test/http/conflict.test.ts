import { randomUUID } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { type LocalServerProcess, startLocalServerProcess } from '../support/local-server-process.ts';
import { until } from '../support/until.ts';
import { describeOnLocalServer, newLine, sampleApiAt } from './sample-api.ts';

/** Some ten times what ten duplicates take here, so that the first request is still running after the last one. */
const WORK_MS = 4_000;
const DUPLICATES = 10;

describeOnLocalServer('a rejected duplicate', () => {
  const client = testClient();
  let tableName: string;
  let server: LocalServerProcess;

  beforeAll(async () => {
    tableName = await createIdempotencyTable(client);
    server = await startLocalServerProcess({ env: { IDEMPOTENCY_TABLE: tableName } });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    client.destroy();
  });

  test('leaves the record of the running attempt as it is, byte for byte, however many there are', async () => {
    const api = sampleApiAt(server.url);
    const key = randomUUID();
    const line = newLine();
    const first = api.add({ key, body: line, headers: { 'x-demo-work-ms': String(WORK_MS) } });
    await until('the first request holds the lock', async () => (await records()).length === 1);
    const before = await records();

    const statuses: number[] = [];
    for (let index = 0; index < DUPLICATES; index++) {
      // One after the other, as a client retries; every second one with another payload.
      const body = index % 2 === 0 ? line : { ...line, quantity: 7 };
      statuses.push((await api.add({ key, body })).status);
      expect(await records()).toEqual(before);
    }
    expect(statuses).toEqual(Array.from({ length: DUPLICATES }, (_, index) => (index % 2 === 0 ? 409 : 422)));

    const answer = await first;
    expect(answer.status).toBe(201);
    expect(await api.lines(line.cartId)).toEqual([answer.json()]);
    const [after] = await records();
    // The row alone would not tell a second run, since its id is derived; the record's attempt and owner do.
    expect(after).toMatchObject({ status: { S: 'COMPLETED' }, attempt: { N: '1' } });
    expect(after?.['owner']).toEqual(before[0]?.['owner']);
  });

  /** Everything in the table, which belongs to this file alone. */
  async function records(): Promise<Record<string, AttributeValue>[]> {
    const { Items: items = [] } = await client.send(
      new ScanCommand({ TableName: tableName, ConsistentRead: true }),
    );
    return items;
  }
});
