/** The caller's half in a real browser: connections that break, reloads, tabs that die, tabs that click at once. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import {
  answers,
  delayed,
  dropAfter,
  dropBefore,
  problem,
  resetMidBody,
  silence,
  useUnrulyServer,
} from '../client/unruly-server.ts';
import { newLine, useSampleApi } from '../http/sample-api.ts';
import { until } from '../support/until.ts';
import { launchChromium } from './chromium.ts';
import type { Place } from './client-page.ts';
import { call, openTab, pageScript, servePage } from './pages.ts';

jest.setTimeout(60_000);

const server = useUnrulyServer();
const origin = () => new URL(server().url).origin;
let browser: Browser;
let script: string;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [browser, script] = await Promise.all([launchChromium(), pageScript()]);
});
afterAll(() => browser.close());
// A profile of its own for each test: nothing is stored yet.
beforeEach(async () => {
  context = await browser.newContext();
  await servePage(context, origin(), script);
  page = await openTab(context, origin());
});
afterEach(() => context.close());

const orGone = (work: Promise<unknown>) => work.catch(() => 'the page is gone');

describe('a fetch', () => {
  test.each([
    ['a connection that breaks before the request is taken', dropBefore],
    ['a connection that breaks after it took effect', dropAfter],
    ['an answer that breaks off in the middle', resetMidBody],
    ['no answer in time', silence],
    ['a failing gateway', answers(502)],
    ['a running duplicate', problem(409, 'in-progress', { 'retry-after': '1' })],
  ])('survives %s: one key, one effect', async (_, behaviour) => {
    server().plan(behaviour);
    const sent = await call(page, 'fetch', '{"sku":"book-1"}');
    expect(sent).toMatchObject({
      body: { line: 1, sent: '{"sku":"book-1"}' },
      settled: true,
      url: server().url,
    });
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
    expect(new Set(server().received.map(({ body }) => body)).size).toBe(1);
  });

  test('of a form has one boundary on all tries', async () => {
    server().plan(answers(503), answers(503));
    await call(page, 'fetchForm');
    expect(server().received).toHaveLength(3);
    expect(new Set(server().received.map(({ body, headers }) => headers['content-type'] + body)).size).toBe(
      1,
    );
  });

  test('in a page that is no secure context says what it lacks', async () => {
    await servePage(context, 'http://insecure.test', script);
    const insecure = await openTab(context, 'http://insecure.test');
    expect(await call(insecure, 'codeOf', 'fetch', '{}')).toBe('CLIENT_CONFIGURATION');
  });
});

describe.each<Place['storage']>(['indexed-db', 'local-storage'])('an outbox in %s', (storage) => {
  const place: Place = { storage, leaseMs: 1_000 };
  /** IndexedDB has transactions across tabs; what one tab writes into localStorage, another sees a moment later. */
  const seenAtOnce = storage === 'indexed-db';
  const seesIt = (tab: Page) => async () => (await call(tab, 'pending', place)).includes('pay');

  test('is a storage as the port asks for it, for many at once and for another tab', async () => {
    const other = await openTab(context, origin());
    const tabs = seenAtOnce ? [page, other] : [page];
    const found = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        call(tabs[index % tabs.length] ?? page, 'swap', storage, 'a', undefined, `text ${index}`),
      ),
    );
    const winner = await call(page, 'read', storage, 'a');
    expect(found.filter((text) => text === undefined)).toHaveLength(1);
    expect(winner).toBe(`text ${found.indexOf(undefined)}`);
    const seenBy = (tab: Page, text: unknown) => async () => (await call(tab, 'read', storage, 'a')) === text;
    await until('the other tab sees it', seenBy(other, winner));
    expect(await call(other, 'swap', storage, 'a', 'not this', undefined)).toBe(winner);
    expect(await call(other, 'ids', storage)).toEqual(['a']);
    expect(await call(other, 'swap', storage, 'a', winner, undefined)).toBe(winner);
    await until('this tab sees that it is gone', seenBy(page, undefined));
    expect(await call(page, 'ids', storage)).toEqual([]);
  });

  test('brings an operation over a reload in the middle of it', async () => {
    server().plan(silence);
    void orGone(call(page, 'send', place, 'pay', '{}'));
    await server().arrived(1);
    await page.reload();
    expect(await call(page, 'pending', place)).toEqual(['pay']);
    expect(await call(page, 'resume', place)).toEqual(['pay: settled']);
    expect(await call(page, 'pending', place)).toEqual([]);
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
  });

  test('gives the same click after a reload the same key', async () => {
    server().plan(silence);
    void orGone(call(page, 'send', place, 'pay', '{}'));
    await server().arrived(1);
    await page.reload();
    expect(await call(page, 'send', place, 'pay', '{}')).toMatchObject({ status: 200, replayed: true });
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
  });

  if (seenAtOnce) {
    test('two tabs that click at once send one key, one after the other', async () => {
      const other = await openTab(context, origin());
      server().plan(delayed(500), delayed(0));
      const sent = await Promise.all([page, other].map((tab) => call(tab, 'send', place, 'pay', '{}')));
      expect(sent.map(({ status }) => status).sort()).toEqual([200, 201]);
      expect([server().keys.length, server().effects, server().received.length]).toEqual([1, 1, 2]);
      const [first, second] = server().received;
      expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(490);
    });
  }

  test(`two tabs that resume at once send it ${seenAtOnce ? 'once' : 'with one key, one after the other'}`, async () => {
    server().plan(silence);
    void orGone(call(page, 'send', place, 'pay', '{}'));
    await server().arrived(1);
    await page.reload();
    const other = await openTab(context, origin());
    await until('the other tab sees it', seesIt(other));
    server().plan(delayed(300), delayed(0));
    const resumed = await Promise.all([page, other].map((tab) => call(tab, 'resume', place)));
    const [, first, second] = server().received;
    if (seenAtOnce || second === undefined) {
      expect(resumed.flat().sort()).toEqual(['pay: settled', 'pay: settled-elsewhere']);
      expect(server().received).toHaveLength(2);
    } else {
      // It had not seen that the first one had forgotten it, and so asked again, and was told the same.
      expect(resumed.flat()).toEqual(['pay: settled', 'pay: settled']);
      expect(server().received).toHaveLength(3);
      expect(second.atMs - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(290);
    }
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
  });

  test('a tab that dies lets the waiting one send at once, with its key', async () => {
    const other = await openTab(context, origin());
    server().plan(silence);
    void orGone(call(page, 'send', place, 'pay', '{}'));
    await server().arrived(1);
    await until('the other tab sees it', seesIt(other));
    const waiting = call(other, 'send', place, 'pay', '{}');
    await page.close();
    expect(await waiting).toMatchObject({ status: 200, replayed: true });
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
  });
});

describe('a browser without Web Locks', () => {
  const place: Place = { storage: 'indexed-db', leaseMs: 3_000 };
  beforeEach(async () => {
    await context.addInitScript("Object.defineProperty(navigator, 'locks', { value: undefined })");
    await page.reload();
  });

  test('goes by leases: two tabs that click at once send one key, one after the other', async () => {
    const other = await openTab(context, origin());
    server().plan(delayed(4_000), delayed(0));
    const sent = await Promise.all([page, other].map((tab) => call(tab, 'send', place, 'pay', '{}')));
    expect(sent.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect([server().keys.length, server().effects, server().received.length]).toEqual([1, 1, 2]);
    // Longer than a lease, which is renewed meanwhile.
    const [first, second] = server().received;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(3_990);
  });

  test('and after a reload goes on when the lease of the page before is over', async () => {
    server().plan(silence);
    void orGone(call(page, 'send', place, 'pay', '{}'));
    await server().arrived(1);
    await page.reload();
    expect(await call(page, 'resume', place)).toEqual(['pay: settled']);
    expect([server().keys.length, server().effects]).toEqual([1, 1]);
  });
});

describe('with the sample API', () => {
  const api = useSampleApi({ args: ['--timeout', '3'] });
  const place: Place = { storage: 'indexed-db' };

  test('a reload while the handler works, and a second tab that clicks meanwhile: one row', async () => {
    const { baseUrl } = api();
    await servePage(context, baseUrl, script);
    const [tab, other] = [await openTab(context, baseUrl), await openTab(context, baseUrl)];
    const line = newLine();
    const body = JSON.stringify(line);
    const name = `add-${randomUUID()}`;
    void orGone(call(tab, 'send', place, name, body, { 'x-demo-work-ms': '1000' }));
    await until('it is kept', async () => (await call(other, 'pending', place)).length === 1);
    // For the request to arrive; were it not there yet, there would be one row all the same.
    await tab.waitForTimeout(300);
    const clicked = call(other, 'send', place, name, body);
    await tab.reload();
    await call(tab, 'resume', place);
    const { status } = await clicked;
    expect([200, 201]).toContain(status);
    expect(await api().lines(line.cartId)).toHaveLength(1);
    expect(await call(tab, 'pending', place)).toEqual([]);
  });
});
