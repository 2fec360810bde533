/** The worst afternoon: the server dies in mid-flight, with its engine; it is started again; the page is reloaded, twice. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { type LocalServerProcess, startLocalServerProcess } from '../support/local-server-process.ts';
import { until } from '../support/until.ts';
import { launchChromium } from './chromium.ts';
import { openPlayground } from './playground-tab.ts';
import { allRecords, rowsOfCart } from './real-tables.ts';

jest.setTimeout(120_000);

let browser: Browser;
let directory: string;

beforeAll(async () => {
  browser = await launchChromium();
  directory = await mkdtemp(join(tmpdir(), 'playground-'));
});

afterAll(async () => {
  await browser.close();
  await rm(directory, { recursive: true, force: true });
});

/** On an engine of its own, whose data outlives it. */
function start(name: string, port = '0'): Promise<LocalServerProcess> {
  return startLocalServerProcess({
    args: ['--data', join(directory, name), '--port', port],
    env: { DYNAMODB_ENDPOINT: undefined },
  });
}

async function kill(server: LocalServerProcess): Promise<void> {
  process.kill(server.pid, 'SIGKILL');
  await server.process.exited;
}

test.each([
  // The page reloads itself after 0.7 s; at 2.0 s the row is put.
  ['before the effect', 300],
  ['after the reload, while a retry waits', 1_300],
  ['after the effect', 2_400],
])('a server that is killed %s and comes back: one row', async (moment, afterMs) => {
  let server = await start(moment);
  const { port } = new URL(server.url);
  const context = await browser.newContext();
  try {
    const tab = await openPlayground(context, server.url);
    await tab.press('reload');
    await until('it is sent', () => tab.sent.length > 0);
    await tab.page.waitForTimeout(afterMs);
    await kill(server);
    server = await start(moment, port);
    await tab.page.goto(server.url);
    await tab.page.reload();
    await tab.page.reload();
    expect(await tab.verdict()).toContain('The cart holds one row.');
    const [first] = tab.sent;
    expect(await rowsOfCart(server, first?.cartId ?? '')).toHaveLength(1);
    expect([...(await allRecords(server)).values()]).toMatchObject([{ status: { S: 'COMPLETED' } }]);
    expect(new Set(tab.sent.map(({ key }) => key)).size).toBe(1);
  } finally {
    await context.close();
    await server.stop();
  }
});
