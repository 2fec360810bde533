/** The README's table of write units is held to what an engine bills. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Kind, sizedAnswer } from '../../bench/response-size/answers.ts';
import { createSubject } from '../../bench/subjects.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import { type MeteredTable, openMeteredTable } from '../support/metered-table.ts';

// The largest answers are megabytes long, and the machine may be busy.
jest.setTimeout(30_000);

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** `| 64 KB | 17 | ... |`, as the table has them and nothing else in the README. */
const rows = [...readme.matchAll(/^\| (\d+) (KB|MB) \| (.+) \|$/gm)].map(([, size, unit, cells = '']) => ({
  name: `${size} ${unit}`,
  bytes: Number(size) * (unit === 'KB' ? 1024 : 1024 * 1024),
  cells: cells.split(' | '),
}));

let table: MeteredTable;

beforeAll(async () => {
  table = await openMeteredTable();
});
afterAll(() => table.close());

async function writeUnits(name: 'lambda-idempotency' | 'powertools', kind: Kind, bytes: number) {
  const { client, tableName } = table;
  const subject = createSubject(name, { client, tableName, work: async () => sizedAnswer(kind, bytes) });
  let failed = false;
  const units = await table.consumedBy(async () => {
    await subject(httpApiEvent({ key: randomUUID() }), lambdaContext()).catch(() => {
      failed = true;
    });
  });
  return failed ? 'fails' : String(units.writeUnits);
}

test('the table has all its rows', () => {
  expect(rows.map(({ name }) => name)).toEqual(['1 KB', '4 KB', '64 KB', '256 KB', '1 MB', '6 MB']);
});

test.each(rows)('$name', async ({ bytes, cells }) => {
  const billed: string[] = [];
  for (const kind of ['cart', 'picture'] as const) {
    for (const name of ['lambda-idempotency', 'powertools'] as const) {
      billed.push(await writeUnits(name, kind, bytes));
    }
  }
  expect(cells).toEqual(billed);
});
