/** The figures of `docs/scale.md` are what `cost` calculates, which a test of its own holds to what an engine counts. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Consumption } from '../../lib/command-line/cost/outcomes.ts';
import { runCommand } from '../support/test-terminal.ts';

const page = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');

async function calculated(...args: string[]) {
  const { stdout } = await runCommand(['cost', '--json', '--failures', '0', ...args]);
  return JSON.parse(stdout);
}

/** The rows of the table whose head begins with `first`, a list of cells each. */
function rowsOf(first: string): string[][] {
  const lines = page.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
  return lines.slice(head + 2, end).map((line) => line.slice(2, -2).split(' | '));
}

const usd = ({ writeUnits, readUnits }: Consumption) => (writeUnits * 0.625 + readUnits * 0.125).toFixed(2);

test('units and money by size', async () => {
  const rows = rowsOf('body');
  expect(rows).toHaveLength(9);
  for (const row of rows) {
    const [, size, unit] = /^([\d.]+) (KB|MB)$/.exec(row[0] ?? '') ?? [];
    const kilobytes = String(Number(size) * (unit === 'MB' ? 1024 : 1));
    const { outcomes } = await calculated('--rps', '1', '--body-kb', kilobytes);
    const { outcomes: committed } = await calculated(
      '--rps',
      '1',
      '--body-kb',
      kilobytes,
      '--strategy',
      'commit',
    );
    const { firstRun, duplicate } = outcomes;
    expect(row).toEqual([
      row[0],
      String(outcomes.storedBytes),
      String(firstRun.writeUnits),
      String(committed.firstRun.writeUnits),
      `${duplicate.writeUnits} and ${duplicate.readUnits}`,
      usd(firstRun),
      usd(duplicate),
    ]);
  }
});

test('what a rate needs', async () => {
  const number = (value: number) => Math.round(value).toLocaleString('en-US');
  const rows = rowsOf(
    'requests a second | write units a second | partitions, at least | units a month, USD | table, GB | storage a month, USD',
  );
  expect(rows).toHaveLength(3);
  for (const row of rows) {
    const rate = row[0]?.replaceAll(',', '') ?? '';
    const { estimate } = await calculated('--rps', rate, '--body-kb', '1', '--duplicates', '1');
    expect(row).toEqual([
      row[0],
      number(estimate.writeUnitsPerSecond),
      number(estimate.partitions),
      number(estimate.unitsUsdPerMonth),
      `${number(estimate.storedGigabytes)} to ${number(estimate.storedGigabytesWithTtlLag)}`,
      number(estimate.storageUsdPerMonth),
    ]);
  }
});

test('the retries that one key takes are those of its units', async () => {
  const { outcomes } = await calculated('--rps', '1', '--body-kb', '16');
  expect(page).toContain(`it is ${Math.floor(1000 / outcomes.duplicate.writeUnits)}.`);
});

test('every source that is named is listed, and its links lead somewhere', () => {
  const [text = '', list = ''] = page.split('\n## Sources');
  const named = new Set([...text.matchAll(/\[(\d+)\](?!\()/g)].map(([, number]) => Number(number)));
  const listed = [...list.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
  expect([...named].sort((one, other) => one - other)).toEqual(listed);
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
  expect(linked.filter((path) => !existsSync(new URL(`../../docs/${path}`, import.meta.url)))).toEqual([]);
});
