import { afterAll, beforeAll } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { type LocalServerProcess, startLocalServerProcess } from '../support/local-server-process.ts';
import { launchChromium } from './chromium.ts';

/**
 * A browser and a local server for a suite. Call at the top of the file, and read the result inside tests only.
 * @param createTables - of the suite's own, by the variables that name them
 */
export function useServedBrowser(createTables: () => Promise<Record<string, string>>): {
  readonly browser: Browser;
  readonly server: LocalServerProcess;
} {
  let browser: Browser;
  let server: LocalServerProcess;
  beforeAll(async () => {
    const env = await createTables();
    [browser, server] = await Promise.all([launchChromium(), startLocalServerProcess({ env })]);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });
  return {
    get browser() {
      return browser;
    },
    get server() {
      return server;
    },
  };
}
