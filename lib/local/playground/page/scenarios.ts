/** What the buttons do, each in a line or two. */

import type { Run } from './run.ts';
import { sendFromOutbox, sendOnce, sendUntilAnswered } from './stage.ts';

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  play(run: Run): Promise<unknown>;
}

export interface ScenarioGroup {
  readonly title: string;
  readonly scenarios: readonly Scenario[];
}

const MANY = 10;
/** The handler is at work by then, for any work time that one can watch. */
const RELOAD_AFTER_MS = 700;

export const SCENARIO_GROUPS: readonly ScenarioGroup[] = [
  {
    title: 'Sent again',
    scenarios: [
      {
        id: 'once',
        title: 'Add once',
        hint: 'One request, one row.',
        play: (run) => sendUntilAnswered(run),
      },
      {
        id: 'timeout',
        title: 'Give up, try again',
        hint: 'Waits for 1 s, then retries.',
        play: (run) => sendUntilAnswered(run, { tryTimeoutMs: 1_000 }),
      },
      {
        id: 'double-click',
        title: 'Double click',
        hint: 'Two at once, with one key.',
        play: (run) => atOnce(2, () => sendOnce(run)),
      },
      {
        id: 'many',
        title: 'Ten at once',
        hint: 'Ten requests, with one key.',
        play: (run) => atOnce(MANY, () => sendOnce(run)),
      },
    ],
  },
  {
    title: 'Sent wrong',
    scenarios: [
      {
        id: 'other-body',
        title: 'Another body',
        hint: 'The same key for something else.',
        play: async (run) => {
          await sendOnce(run);
          await sendOnce(run, { quantity: 2 });
        },
      },
      {
        id: 'no-key',
        title: 'No key',
        hint: 'Nobody could tell a retry.',
        play: (run) => sendOnce(run, { key: null }),
      },
      {
        id: 'tenants',
        title: 'Two tenants',
        hint: 'Ann and Ben, one key.',
        play: (run) =>
          Promise.all(
            ['ann', 'ben'].map((tenant) => sendOnce(run, { headers: { 'x-demo-tenant': tenant } })),
          ),
      },
    ],
  },
  {
    title: 'Interrupted',
    scenarios: [
      {
        id: 'crash-before',
        title: 'Crash before the effect',
        hint: 'The process dies; no row yet.',
        play: (run) => sendUntilAnswered(run, { firstTry: { 'x-demo-fail': 'crash-before-effect' } }),
      },
      {
        id: 'crash-after',
        title: 'Crash after the effect',
        hint: 'The row is there, unannounced.',
        play: (run) => sendUntilAnswered(run, { firstTry: { 'x-demo-fail': 'crash' } }),
      },
      {
        id: 'reload',
        title: 'Reload in mid-flight',
        hint: 'Its outbox remembers.',
        play: (run) => {
          setTimeout(() => location.reload(), RELOAD_AFTER_MS);
          return sendFromOutbox(run);
        },
      },
    ],
  },
];

function atOnce(times: number, send: () => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: times }, send));
}
