import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { faultsPage } from '../faults/faults-page.ts';

test('docs/evidence/faults.md is what `npm run evidence:faults` prints', () => {
  const page = readFileSync(new URL('../../docs/evidence/faults.md', import.meta.url), 'utf8');
  expect(page).toBe(faultsPage());
});
