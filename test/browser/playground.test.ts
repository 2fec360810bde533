/** The page of the local run in a real browser, on a real server and its real tables. */

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { BrowserContext } from 'playwright-core';
import { createCartTable, createIdempotencyTable } from '../support/dynamodb.ts';
import { exchange } from '../support/http-exchange.ts';
import { until } from '../support/until.ts';
import { expectAccessiblePage } from './accessible-page.ts';
import { openPlayground, type PlaygroundTab } from './playground-tab.ts';
import { allRecords, rowsOfCart } from './real-tables.ts';
import { useServedBrowser } from './served-browser.ts';

jest.setTimeout(90_000);

const its = useServedBrowser(async () => ({
  IDEMPOTENCY_TABLE: await createIdempotencyTable(),
  CART_TABLE: await createCartTable(),
}));
let context: BrowserContext;
let tab: PlaygroundTab;

beforeEach(async () => {
  context = await its.browser.newContext({ colorScheme: 'light', viewport: { width: 1280, height: 900 } });
  tab = await openPlayground(context, its.server.url);
});

afterEach(async () => {
  const complaints = [...tab.complaints];
  await context.close();
  expect(complaints).toEqual([]);
});

function cartOf({ sent }: PlaygroundTab): string {
  const carts = new Set(sent.map(({ cartId }) => cartId));
  expect(carts.size).toBe(1);
  return [...carts].join();
}

describe('each button', () => {
  test.each([
    ['once', 'One request arrived. It ran. The cart holds one row.', 1, 1],
    [
      'timeout',
      'The client stopped waiting after 1.0 s. One ran to the end although nobody waited any more;',
      1,
      1,
    ],
    [
      'double-click',
      'Two requests arrived together with the same key. One ran; the other was answered 409 and changed nothing. The cart holds one row.',
      1,
      1,
    ],
    ['many', 'One ran; the other nine were answered 409 and changed nothing. The cart holds one row.', 1, 1],
    [
      'other-body',
      'One ran; the other was refused with 422, since its body was another one, and changed nothing. The cart holds one row.',
      1,
      1,
    ],
    ['no-key', 'It was refused with 400,', 0, 0],
    [
      'tenants',
      'Two tenants, ann and ben, sent requests with the same key. Each has a record of its own. Both ran. The cart holds two rows.',
      2,
      2,
    ],
    [
      'crash-before',
      'One ran and died before it had added a row; one was answered 409 and changed nothing; one took over when the lease was over.',
      1,
      1,
    ],
    [
      'crash-after',
      'one took over when the lease was over, found the row there already, and added none.',
      1,
      1,
    ],
    ['reload', 'The page was reloaded in mid-flight; its outbox still had the operation, and its key.', 1, 1],
  ])('%s: says what happened, and the tables agree', async (scenario, sentence, rows, records) => {
    const before = await allRecords(its.server);
    await tab.press(scenario);
    expect(await tab.verdict()).toContain(sentence);

    expect(await rowsOfCart(its.server, cartOf(tab))).toHaveLength(rows);
    expect(await tab.page.locator('[data-line]').count()).toBe(rows);
    const made = [...(await allRecords(its.server))]
      .filter(([id]) => !before.has(id))
      .map(([, item]) => item);
    expect(made.map((item) => item['status']?.S)).toEqual(Array(records).fill('COMPLETED'));
    // One key for the whole run, and it is neither in the table nor said to be there.
    const keys = new Set(tab.sent.map(({ key }) => key));
    expect(keys.size).toBe(1);
    expect(await tab.page.locator('.raw-key').count()).toBe(records > 0 ? 1 : 0);
    expect(await tab.page.locator('.raw-key-there').count()).toBe(0);
    for (const item of made) expect(JSON.stringify(item)).not.toContain([...keys].join());
  });
});

describe('what is shown', () => {
  test('counts effects against requests', async () => {
    await tab.press('many');
    await tab.verdict();
    expect(await tab.page.locator('.counters dd').allTextContents()).toEqual(['10', '1', '1']);
  });

  test('is the lock while it is held, with what is left of its lease', async () => {
    await tab.press('once');
    await tab.page.getByText(/Attempt 1 holds the lock; its lease ends in \d\.\d s/).waitFor();
    expect(await tab.page.locator('[aria-current="step"]').textContent()).toBe('In progress');
    await tab.verdict();
    expect(await tab.page.locator('[aria-current="step"]').textContent()).toBe('Completed');
  });

  test('is the record as it lies in the table, attribute by attribute', async () => {
    const before = await allRecords(its.server);
    await tab.press('once');
    await tab.verdict();
    const [, item] = [...(await allRecords(its.server))].find(([id]) => !before.has(id)) ?? [];
    const names = await tab.page.locator('.record dt > code').allTextContents();
    expect(names.toSorted()).toEqual(Object.keys(item ?? {}).toSorted());
    const values = await tab.page.locator('.record dd > code').allTextContents();
    expect(values).toContain(item?.['id']?.S);
    expect(values).toContain(item?.['owner']?.S);
  });

  test('is a list to those who do not see the lines', async () => {
    await tab.press('double-click');
    await tab.verdict();
    const list = tab.page.getByRole('list', { name: 'What happened, in order' });
    const rows = await list.getByRole('listitem').allTextContents();
    expect(rows.join('\n')).toMatch(/Client to Function, request 1: .*POST \/cart\/items/);
    expect(rows.join('\n')).toMatch(/DynamoDB to Function, request \d: .*refused: there is a record/);
  });

  test('are the requests of a shell, too', async () => {
    await exchange({
      method: 'POST',
      url: `${its.server.url}/cart/items`,
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': `shell-${Date.now()}` },
      body: JSON.stringify({ cartId: `shell-${Date.now()}`, sku: 'pen', quantity: 3 }),
    });
    expect(await tab.verdict()).toBe('One request arrived. It ran. The cart holds one row.');
    expect(await tab.page.textContent('#story-title')).toBe('From a shell');
  });
});

describe('the sliders make real trouble', () => {
  test('requests that are lost never arrive, and the client gives up', async () => {
    await tab.setSlider('Requests lost', 100);
    await tab.press('once');
    expect(await tab.verdict()).toMatch(
      /All were lost on the way to the server\. The client has given up without an answer\. The cart holds no rows\.$/,
    );
    expect(await rowsOfCart(its.server, cartOf(tab))).toEqual([]);
  });

  test('replies that are lost leave one row, however often the client asks', async () => {
    await tab.setSlider('Work of the handler', 0);
    await tab.setSlider('Replies lost', 100);
    await tab.press('once');
    expect(await tab.verdict()).toMatch(/One ran, but the answer was lost;.*The cart holds one row\.$/);
    expect(await rowsOfCart(its.server, cartOf(tab))).toHaveLength(1);
    expect(tab.sent.length).toBeGreaterThan(1);
  });
});

describe('the outbox', () => {
  test('of a tab that is closed in mid-flight is sent by the next one, with the same key', async () => {
    await tab.press('reload');
    await until('it is sent', () => tab.sent.length === 1);
    await tab.page.close();
    const other = await openPlayground(context, its.server.url);
    expect(await other.verdict()).toContain('Another page had left the operation in the outbox');
    expect(new Set([...tab.sent, ...other.sent].map(({ key }) => key)).size).toBe(1);
    expect(await rowsOfCart(its.server, cartOf(other))).toHaveLength(1);
    expect(other.complaints).toEqual([]);
  });

  test('is sent by one of two open tabs at a time, and the row is added once', async () => {
    await tab.press('reload');
    await until('it is sent', () => tab.sent.length === 1);
    const other = await openPlayground(context, its.server.url);
    const verdicts = await Promise.all([tab.verdict(), other.verdict()]);
    for (const verdict of verdicts) expect(verdict).toContain('The cart holds one row.');
    const sent = [...tab.sent, ...other.sent];
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
    const [first] = sent;
    expect(await rowsOfCart(its.server, first?.cartId ?? '')).toHaveLength(1);
    expect(other.complaints).toEqual([]);
  });
});

describe('the keyboard is enough', () => {
  test('to press a button, which keeps the focus while the run goes on', async () => {
    await tab.page.locator('[data-scenario="no-key"]').focus();
    await tab.page.keyboard.press('Enter');
    await tab.verdict();
    expect(await tab.page.evaluate('document.activeElement.dataset.scenario')).toBe('no-key');
  });

  test('to come to every button and slider', async () => {
    const wanted = await tab.page
      .locator('#playground button, #playground input:not([name="theme"])')
      .count();
    const reached = new Set<unknown>();
    for (let press = 0; press < wanted + 5; press += 1) {
      await tab.page.keyboard.press('Tab');
      reached.add(
        await tab.page.evaluate(
          `document.activeElement.dataset.scenario ?? document.activeElement.labels?.[0]?.textContent`,
        ),
      );
    }
    for (const name of ['once', 'many', 'reload', 'Work of the handler', 'Replies lost']) {
      expect([...reached]).toContain(name);
    }
  });

  test('to choose a theme, which a reload keeps', async () => {
    const ground = () => tab.page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await tab.page.getByLabel('auto').focus();
    await tab.page.keyboard.press('ArrowLeft');
    expect(await tab.page.getByLabel('dark').isChecked()).toBe(true);
    const dark = await ground();
    expect(dark).not.toBe(light);
    await tab.page.reload();
    expect(await ground()).toBe(dark);
  });
});

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 360],
  ['dark', 360],
] as const)('%s, %i px wide', (colorScheme, width) => {
  test('has no fault that axe finds, and does not scroll sideways', async () => {
    await tab.page.emulateMedia({ colorScheme });
    await tab.page.setViewportSize({ width, height: 800 });
    await expectAccessible();
    // Every kind of row: an arrow that is lost, a note, several requests, a gap.
    await tab.press('timeout');
    await tab.page.getByText('at work …').waitFor();
    await expectAccessible();
    await tab.verdict();
    await expectAccessible();
  });

  const expectAccessible = () => expectAccessiblePage(tab.page, width);
});

test('the page loads nothing from elsewhere, and may run no script but its own', async () => {
  const { headers } = await exchange({ method: 'GET', url: its.server.url });
  expect(headers['content-security-policy']).toContain(
    "default-src 'none'; script-src 'self'; style-src 'self'",
  );
  const loaded = await tab.page.evaluate(
    `performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin)`,
  );
  expect(new Set(loaded as string[])).toEqual(new Set([its.server.url]));
});
