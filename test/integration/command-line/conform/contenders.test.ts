/** The sample API conforms, and docs/evidence/conform.md says of both APIs what `npm run evidence:conform` would print. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { CONTENDERS, settingsFor } from '../../../../bench/conform/contenders.ts';
import { type Column, conformPage } from '../../../../bench/conform/report.ts';
import { ALL_CHECKS } from '../../../../lib/command-line/conform/all-checks.ts';
import { runChecks } from '../../../../lib/command-line/conform/run-checks.ts';

/** Requests that take seconds on purpose, to two APIs. */
jest.setTimeout(120_000);

const columns: Column[] = [];
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  for (const { name, start } of CONTENDERS) {
    const { url, stop } = await start();
    stops.push(stop);
    columns.push({ name, findings: await runChecks(settingsFor(url), ALL_CHECKS) });
  }
}, 120_000);

afterAll(async () => {
  for (const stop of stops) await stop();
});

test('the sample API passes every check', () => {
  const [own] = columns;
  expect(own?.name).toBe('lambda-idempotency');
  expect(own?.findings.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  expect(own?.findings).toHaveLength(ALL_CHECKS.length);
});

test('docs/evidence/conform.md is what was found now', () => {
  const page = readFileSync(new URL('../../../../docs/evidence/conform.md', import.meta.url), 'utf8');
  expect(page).toBe(conformPage(columns));
});
