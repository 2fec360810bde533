/** `docs/operating.md` names the checks of `doctor`, the states and the exit codes as they are. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { EXIT } from '../../lib/command-line/exit-code.ts';
import { LISTED_STATES } from '../../lib/command-line/list/listed-state.ts';
import { createIdempotencyTable, testEndpoint } from '../support/dynamodb.ts';
import { runCommand } from '../support/test-terminal.ts';

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');

/** What the first cells of a table have in code, a row each. */
function namesUnder(heading: string): string[][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
}

test('every check of doctor, and no other', async () => {
  const table = await createIdempotencyTable();
  const { stdout } = await runCommand(['doctor', '--json', '--table', table, '--endpoint', testEndpoint()]);
  const checks = (JSON.parse(stdout) as { checks: { id: string }[] }).checks.map(({ id }) => id);
  const documented = namesUnder('doctor')
    .flat()
    .map((name) => (name.startsWith('-') ? `permission${name}` : name));
  expect(documented.sort()).toEqual(checks.sort());
});

test('every state that list can be asked for', () => {
  const states = LISTED_STATES.filter((state) => state !== 'all');
  expect(namesUnder('States').flat().sort()).toEqual([...states].sort());
});

test('every exit code', () => {
  const section = page.split('## Exit codes')[1]?.split('\n## ')[0] ?? '';
  const codes = [...section.matchAll(/^\| (\d) \|/gm)].map(([, code]) => Number(code));
  expect(codes).toEqual(Object.values(EXIT));
});

test('its links lead somewhere', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
  expect(linked.length).toBeGreaterThan(1);
  expect(linked.filter((path) => !existsSync(new URL(`../../docs/${path}`, import.meta.url)))).toEqual([]);
});
