/** The caller's half is small, runs in browsers, and the README says how small. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { bundle } from '../support/bundle.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** KB of what a page loads that imports `names`, as its bundler makes it. Fails where anything of Node.js is in it. */
async function gzippedKb(names: string): Promise<number> {
  const source = `export { ${names} } from './lib/client/index.ts';`;
  const { contents } = await bundle(source, { platform: 'browser' });
  return gzipSync(contents, { level: 9 }).length / 1000;
}

test.each([
  ['createIdempotentFetch', /`createIdempotentFetch` alone is (\d+\.\d) KB/],
  [
    'createIdempotencyClient, indexedDbStorage, deliveryOf, orThrow',
    /with operations and an\s+outbox in IndexedDB (\d+\.\d) KB/,
  ],
])('%s has the size that the README gives', async (names, stated) => {
  const [, kb] = stated.exec(readme) ?? [];
  // Rounded up, and never more than stated; much less would be a page that is out of date.
  const actual = await gzippedKb(names);
  expect(actual).toBeLessThanOrEqual(Number(kb));
  expect(actual).toBeGreaterThan(Number(kb) - 0.3);
});
