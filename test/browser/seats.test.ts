/** The seat map of the local run in a real browser, on a real server and its real tables. */

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { createIdempotencyTable, createSeatsTable } from '../support/dynamodb.ts';
import { until } from '../support/until.ts';
import { expectAccessiblePage } from './accessible-page.ts';
import { noteComplaints } from './playground-tab.ts';
import { rowsOfShow } from './real-tables.ts';
import { useServedBrowser } from './served-browser.ts';

jest.setTimeout(90_000);

const its = useServedBrowser(async () => ({
  IDEMPOTENCY_TABLE: await createIdempotencyTable(),
  SEATS_TABLE: await createSeatsTable(),
}));
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeEach(async () => {
  context = await its.browser.newContext({ colorScheme: 'light', viewport: { width: 1280, height: 900 } });
  complaints = [];
  page = await openSeats(`${its.server.url}/seats`);
});

afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

async function openSeats(url: string): Promise<Page> {
  const opened = await context.newPage();
  noteComplaints(opened, complaints);
  await opened.goto(url);
  await opened.waitForSelector('.connection-open');
  await opened.waitForSelector('[data-seat="E10"]');
  return opened;
}

const seat = (id: string) => page.locator(`[data-seat="${id}"]`);
const seatIs = (id: string, status: string, on = page) =>
  on.waitForSelector(`[data-seat="${id}"][data-status="${status}"]`);
const become = (user: string) => page.getByLabel(user, { exact: true }).check();
const answered = (count: number) =>
  until(`${count} answers`, async () => (await page.locator('.answer').count()) >= count);
const newest = () => page.locator('.answer').first().textContent();
const showId = () => new URL(page.url()).searchParams.get('show') ?? '';

async function press(id: string, status: string): Promise<void> {
  await seat(id).click();
  await seatIs(id, status);
}

test('a seat is held and booked, and others are told so', async () => {
  await press('B3', 'held');
  expect(await newest()).toBe('Ada holds B3 (201).');
  expect(await seat('B3').getAttribute('aria-label')).toMatch(
    /^B3: held by Ada, for 1[12]\d s more\. Press to book it\.$/,
  );
  await become('Ben');
  await seat('B3').click();
  await answered(2);
  expect(await newest()).toMatch(/^Ben, seat B3: Seat held \(409\)\. .* It may be free in 1[12]\d s\.$/);
  await become('Ada');
  await press('B3', 'booked');
  await become('Cleo');
  await seat('B3').click();
  await answered(4);
  expect(await newest()).toMatch(/^Cleo, seat B3: Seat booked \(409\)\./);
  const rows = await rowsOfShow(its.server, showId());
  expect(rows.map(({ seatId, bookingId }) => [seatId?.S, bookingId?.S !== undefined])).toEqual([
    ['B3', true],
  ]);
});

test('all four at once: one holds the seat, three are refused', async () => {
  await page.click('[data-action="everybody"]');
  await answered(4);
  expect(await page.locator('.answer-won').count()).toBe(1);
  expect(await page.locator('.answer-refused').count()).toBe(3);
  expect(await rowsOfShow(its.server, showId())).toHaveLength(1);
});

test('the same key again gets the same answer, and does nothing', async () => {
  await press('C1', 'held');
  const before = await rowsOfShow(its.server, showId());
  await page.click('[data-action="repeat"]');
  await answered(2);
  expect(await newest()).toBe('The same answer again, and nothing was done: Ada holds C1 (200).');
  expect(await rowsOfShow(its.server, showId())).toEqual(before);
});

test('a hundred users book every seat, and none of them twice', async () => {
  await page.click('[data-action="rush"]');
  await until(
    'every seat is booked',
    async () => (await page.locator('[data-status="booked"]').count()) === 50,
    60_000,
  );
  const rows = await rowsOfShow(its.server, showId());
  expect(rows).toHaveLength(50);
  expect(new Set(rows.map(({ bookingId }) => bookingId?.S)).size).toBe(50);
  await page.waitForSelector('[data-action="rush"][aria-disabled="false"]');
  // A hold and a booking for each seat.
  const won = page.locator('.counter', { hasText: 'answers that took effect' }).locator('dd');
  expect(await won.textContent()).toBe('100');
});

test('another tab at the same show sees it at once', async () => {
  const other = await openSeats(page.url());
  await press('D4', 'held');
  await seatIs('D4', 'held', other);
  expect(await other.locator('[data-seat="D4"]').getAttribute('aria-label')).toMatch(
    /^D4: held by somebody else, for/,
  );
});

test('the keyboard is enough', async () => {
  await seat('A1').focus();
  await page.keyboard.press('Enter');
  await seatIs('A1', 'held');
  await page.keyboard.press('Space');
  await seatIs('A1', 'booked');
  expect(await page.evaluate('document.activeElement.dataset.seat')).toBe('A1');
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.dataset.seat')).toBe('A2');
});

test('each page leads to the other', async () => {
  await page.getByRole('link', { name: 'One user, many sends' }).click();
  await page.getByRole('link', { name: 'Many users, one seat' }).click();
  await page.waitForSelector('[data-seat="A1"]');
});

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 360],
  ['dark', 360],
] as const)('%s, %i px wide', (colorScheme, width) => {
  test('has no fault that axe finds, and does not scroll sideways', async () => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await expectAccessiblePage(page, width);
    // Every kind of seat and answer.
    await press('A1', 'held');
    await press('A1', 'booked');
    await page.click('[data-action="everybody"]');
    await answered(6);
    await page.click('[data-action="repeat"]');
    await answered(7);
    await seatIs('A2', 'held');
    await expectAccessiblePage(page, width);
  });
});
