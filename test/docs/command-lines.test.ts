/** Every command line in README and docs is one that the program takes: what it asks is asked of a port where nobody answers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { runCommand } from '../support/test-terminal.ts';

const PAGES = ['README.md', 'docs/conform.md', 'docs/operating.md', 'docs/scale.md'];
const NOBODY = 'http://127.0.0.1:9';
const TABLE_COMMANDS = ['inspect', 'list', 'release', 'complete', 'purge', 'doctor'];

const folder = mkdtempSync(join(tmpdir(), 'command-lines-'));
const file = join(folder, 'any.json');
writeFileSync(file, '{}');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lines = PAGES.flatMap((page) => {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .filter((line) => line.startsWith('npx lambda-idempotency '))
    .map((line): [page: string, line: string] => [page, line.replace(/\s+#.*$/, '')]);
});

test('there are some of each command', () => {
  const commands = new Set(lines.map(([, line]) => line.split(/\s+/)[2]));
  expect([...commands].sort()).toEqual(
    ['complete', 'conform', 'cost', 'doctor', 'inspect', 'list', 'release'].sort(),
  );
});

test.each(lines)('%s: %s', async (_page, line) => {
  const [, , ...args] = words(line);
  const elsewhere = TABLE_COMMANDS.includes(args[0] ?? '') ? ['--endpoint', NOBODY] : [];
  const lambda = args[0] === 'doctor' ? ['--lambda-endpoint', NOBODY] : [];
  const { exitCode, stderr } = await runCommand([...args.map(locally), ...elsewhere, ...lambda], {
    env: { IDEMPOTENCY_TABLE: 'idempotency' },
    input: 'key',
  });
  expect([exitCode, stderr]).toEqual([args[0] === 'cost' ? 0 : 3, expect.any(String)]);
});

/** As a shell splits them, as far as these pages go: single and double quotes, no expansion. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
}

function locally(word: string): string {
  if (word.startsWith('@')) return `@${file}`;
  return word.replace(/^https?:\/\/[^/]+/, NOBODY);
}
