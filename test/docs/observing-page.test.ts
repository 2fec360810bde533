/** `docs/observing.md` lists the metrics and alarms that there are. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { METRICS } from '../../lib/observability/index.ts';

const page = readFileSync(new URL('../../docs/observing.md', import.meta.url), 'utf8');

test('the table has every metric with its unit, and no other', () => {
  const rows = [...page.matchAll(/^\| `(Idempotency\w+)` \| (\w+) \|/gm)].map(([, name, unit]) => ({
    name,
    unit,
  }));
  expect(rows).toHaveLength(Object.keys(METRICS).length);
  expect(rows).toEqual(expect.arrayContaining(Object.values(METRICS)));
});

test('every alarm has its row, and no other', () => {
  const source = readFileSync(new URL('../../lib/cdk/idempotency-alarms.ts', import.meta.url), 'utf8');
  const choices = source.split('export interface IdempotencyAlarmChoices {')[1]?.split('\n}')[0] ?? '';
  const names = [...choices.matchAll(/readonly (\w+)\?:/g)].map(([, name]) => name);
  const section = page.split('## Alarms and dashboard')[1] ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(names).toHaveLength(8);
  expect(rows.sort()).toEqual(names.sort());
});

test('its links lead somewhere', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
  expect(linked.filter((path) => !existsSync(new URL(`../../docs/${path}`, import.meta.url)))).toEqual([]);
});
