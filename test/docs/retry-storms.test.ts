/** The page of the retry storms is what its simulation comes to, and the README quotes the page. */
import { readFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import { CONTENDERS } from '../../bench/retry-storms/contenders.ts';
import { stormRow } from '../../bench/retry-storms/report.ts';
import { type Figures, SCENARIOS, type Scenario, simulate } from '../../bench/retry-storms/simulate.ts';

// Thousands of clients, on a machine that may be busy.
jest.setTimeout(60_000);

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/evidence/retry-storms.md');
const readme = read('README.md');
const sections: Readonly<Record<Scenario, string>> = {
  spread: 'They begin at any moment of the outage',
  together: 'They begin all at once',
};
const rowsOf = (text: string) => text.split('\n').filter((line) => line.startsWith('| '));
const rowsUnder = (heading: string) =>
  rowsOf(page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '').slice(2);

describe('docs/evidence/retry-storms.md', () => {
  test('has every contender in both scenarios', () => {
    for (const heading of Object.values(sections)) {
      expect(rowsUnder(heading).map((row) => row.slice(2).split(' | ')[0])).toEqual(Object.keys(CONTENDERS));
    }
  });

  // The others are packages of fixed versions, below; ours is what changes here.
  test.each(Object.keys(SCENARIOS) as Scenario[])(
    'has the figures of this client as it is: %s',
    async (scenario) => {
      const [[name, send] = []] = Object.entries(CONTENDERS);
      if (name === undefined || send === undefined) throw new Error('There is no contender.');
      const runs: Figures[] = [];
      for (let seed = 1; seed <= 5; seed++) runs.push(await simulate(send, scenario, seed));
      expect(rowsUnder(sections[scenario])).toContain(`| ${stormRow(name, runs).join(' | ')} |`);
      // Nobody's operation took effect twice, whatever the page says.
      expect(runs.map(({ duplicates }) => duplicates)).toEqual([0, 0, 0, 0, 0]);
    },
  );

  test('was printed by the versions that are installed', () => {
    const { version, devDependencies } = JSON.parse(read('package.json'));
    expect(page).toContain(`\n- lambda-idempotency: ${version}\n`);
    for (const name of ['ky', 'axios-retry', 'p-retry', '@smithy/core']) {
      expect(page).toContain(`\n- ${name}: ${devDependencies[name]}\n`);
    }
  });

  test('is quoted by the README row by row', () => {
    const section = readme.split(/^## /m).find((part) => part.startsWith("The caller's half\n")) ?? '';
    const table = section.split('retries by')[1] ?? '';
    const quoted = rowsOf(table.split('\n\n', 1)[0] ?? '').slice(1);
    expect(quoted.length).toBeGreaterThanOrEqual(3);
    for (const row of quoted) expect(rowsUnder(sections.together)).toContain(row);
  });
});
