/** `docs/client.md` says of defaults, codes and files what is so. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { CLIENT_DEFAULTS, OUTBOX_DEFAULTS } from '../../lib/client/index.ts';

const page = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
const code = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value));
const written = (value: unknown) => (Array.isArray(value) ? `[${value.map(code).join(', ')}]` : code(value));

test('the table has every default as it is in the code, and no other', () => {
  const table = page.split('## Options')[1] ?? '';
  const rows = [...table.matchAll(/^\| `([\w.]+)` \| `(.*)` \|$/gm)].map(([, name, value]) => [name, value]);
  const prefixed = Object.entries(OUTBOX_DEFAULTS).map(([name, value]) => [`outbox.${name}`, value] as const);
  expect(rows).toEqual(
    [...Object.entries(CLIENT_DEFAULTS), ...prefixed].map(([name, value]) => [name, written(value)]),
  );
});

test('the error codes that it lists are those that the client makes itself', () => {
  const source = readFileSync(new URL('../../lib/client/errors.ts', import.meta.url), 'utf8');
  const own = [
    ...(source.split('export type ClientErrorCode =')[1]?.split(';')[0] ?? '').matchAll(/'(\w+)'/g),
  ];
  const section = page.split('## Errors')[1]?.split('## ')[0] ?? '';
  for (const [, name] of own) expect(section).toContain(`\`${name}\``);
  expect(own).toHaveLength(8);
});

test('its links lead somewhere', () => {
  const linked = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
  expect(linked.filter((path) => !existsSync(new URL(`../../docs/${path}`, import.meta.url)))).toEqual([]);
});
