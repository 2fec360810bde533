/** A process that is killed with an operation on its way, and the next one that finds it in the outbox. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, jest, test } from '@jest/globals';
import { newLine, useSampleApi } from '../http/sample-api.ts';
import { childEnvironment } from '../support/child-environment.ts';

jest.setTimeout(60_000);

const PROGRAM = fileURLToPath(new URL('sending-process.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'outbox-crash-'));
afterAll(() => rmSync(folder, { recursive: true }));

const api = useSampleApi({ args: ['--timeout', '2'] });

interface End {
  readonly signal: string | undefined;
  readonly output: string;
}

function run(outbox: string, body: unknown, moment: string): Promise<End> {
  const args = [outbox, `${api().baseUrl}/cart/items`, JSON.stringify(body), moment];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', PROGRAM, ...args],
      { env: childEnvironment() },
      (error, stdout, stderr) => {
        if (error !== null && !error.signal) return reject(new Error(stderr, { cause: error }));
        resolve({ signal: error?.signal ?? undefined, output: stdout });
      },
    );
  });
}

test.each([
  ['before-sending', 0],
  ['in-flight', 0],
  ['answered', 1],
])(
  'killed %s: the next process settles the operation with its key, and there is one row',
  async (moment, rows) => {
    const outbox = join(folder, moment);
    const line = newLine();
    expect(await run(outbox, line, moment)).toEqual({ signal: 'SIGKILL', output: '' });
    expect(await api().lines(line.cartId)).toHaveLength(rows);

    const { output } = await run(outbox, line, 'never');
    expect(JSON.parse(output)).toEqual({ resumed: ['add-to-cart: settled'], pending: [] });
    expect(await api().lines(line.cartId)).toHaveLength(1);
  },
);

test('killed twice at different moments, it is still one row', async () => {
  const outbox = join(folder, 'twice');
  const line = newLine();
  await run(outbox, line, 'in-flight');
  // This one is killed while it resumes.
  expect((await run(outbox, line, 'answered')).signal).toBe('SIGKILL');
  const { output } = await run(outbox, line, 'never');
  expect(JSON.parse(output)).toEqual({ resumed: ['add-to-cart: settled'], pending: [] });
  expect(await api().lines(line.cartId)).toHaveLength(1);
});
