/** One tab with the playground: presses its buttons, and notes what it sends and what it complains about. */

import type { BrowserContext, Page } from 'playwright-core';

export interface SentRequest {
  readonly key: string | undefined;
  readonly cartId: string;
}

export interface PlaygroundTab {
  readonly page: Page;
  /** Requests to the API, as they left the browser. */
  readonly sent: readonly SentRequest[];
  /** Errors on the console and exceptions; refusals by the API, which the page is there to show, are not among them. */
  readonly complaints: readonly string[];
  press(scenario: string): Promise<void>;
  /** What the live region says once the run is over. */
  verdict(): Promise<string>;
  setSlider(label: string, value: number): Promise<void>;
}

/** The longest story is a client that gives up after 20 s. */
const OVER_WITHIN_MS = 45_000;

export async function openPlayground(context: BrowserContext, baseUrl: string): Promise<PlaygroundTab> {
  const page = await context.newPage();
  const sent: SentRequest[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'POST' || !request.url().endsWith('/cart/items')) return;
    sent.push({ key: request.headers()['idempotency-key'], cartId: request.postDataJSON().cartId });
  });
  noteComplaints(page, complaints);
  await page.goto(baseUrl);
  await page.waitForSelector('.connection-open');
  return {
    page,
    sent,
    complaints,
    press: (scenario) => page.click(`[data-scenario="${scenario}"]`),
    verdict: async () => {
      await page.waitForSelector('[role="status"]:not(:empty)', { timeout: OVER_WITHIN_MS });
      return (await page.textContent('[role="status"]')) ?? '';
    },
    setSlider: (label, value) => page.getByLabel(label).fill(String(value)),
  };
}

/** Errors on the console and exceptions, except for refusals by the API. */
export function noteComplaints(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium reports each answer of 400 or more as an error of its own, whatever the page makes of it.
    const isRefusal =
      message.text().startsWith('Failed to load resource: the server responded') &&
      /\/cart\/items$|\/(holds|bookings)$/.test(message.location().url);
    if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
  });
}
