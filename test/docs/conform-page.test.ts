/** `docs/conform.md` names every check, and no other. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ALL_CHECKS } from '../../lib/command-line/conform/all-checks.ts';

const page = readFileSync(new URL('../../docs/conform.md', import.meta.url), 'utf8');

test('its tables have each check with its level, source and sentence', () => {
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| (.+) \| (.+) \|$/gm)].map(
    ([, id, source, title]) => ({
      id,
      source,
      title,
    }),
  );
  const expected = (level: string) =>
    ALL_CHECKS.filter((check) => check.level === level).map(({ id, source, title }) => ({
      id,
      source,
      title,
    }));
  expect(rows).toEqual([...expected('draft'), ...expected('profile')]);
});

test('its links lead somewhere', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
  expect(linked.length).toBeGreaterThan(1);
  expect(linked.filter((path) => !existsSync(new URL(`../../docs/${path}`, import.meta.url)))).toEqual([]);
});
