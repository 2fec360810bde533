/** `docs/powertools.md` says of pairings what the tests of the shared table expect, and its links lead somewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { tableOfPairings } from '../integration/powertools/expected-pairings.ts';

const page = readFileSync(new URL('../../docs/powertools.md', import.meta.url), 'utf8');

test('the table of pairings is that which the tests go by', () => {
  expect(page).toContain(`\n${tableOfPairings()}\n`);
});

test('its links lead somewhere', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
  expect(linked.filter((path) => !existsSync(new URL(`../../docs/${path}`, import.meta.url)))).toEqual([]);
});
