import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';

/** Nothing that axe finds, and nothing to scroll to sideways. */
export async function expectAccessiblePage(page: Page, width: number): Promise<void> {
  const { violations, passes } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  expect(passes.map(({ id }) => id)).toContain('color-contrast');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
}
