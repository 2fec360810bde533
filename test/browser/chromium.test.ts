import { afterAll, describe, expect, test } from '@jest/globals';
import { findChromium, launchChromium } from './chromium.ts';

describe('the browser of these tests', () => {
  const launched = launchChromium();
  afterAll(async () => {
    await (await launched).close();
  });

  test('runs a script and has what the client builds on', async () => {
    const page = await (await launched).newPage();
    // A page of ours rather than about:blank, which is no secure context and has no storage.
    await page.route('http://localhost/', (route) => route.fulfill({ contentType: 'text/html', body: '' }));
    await page.goto('http://localhost/');
    const found = await page.evaluate(
      `[typeof indexedDB, typeof navigator.locks, typeof crypto.randomUUID, typeof crypto.subtle]`,
    );
    expect(found).toEqual(['object', 'object', 'function', 'object']);
  });
});

describe('a machine without a browser', () => {
  test('is told what to install', () => {
    expect(() => findChromium({ PATH: '/nowhere' })).toThrow(/apt-get install chromium/);
  });

  test('is told that CHROMIUM_PATH leads nowhere', () => {
    expect(() => findChromium({ CHROMIUM_PATH: '/nowhere/chromium' })).toThrow(/\/nowhere\/chromium/);
  });
});
