/** What the page shows. Components read these signals; the rest of the page's code changes them. */

import { computed, effect, signal } from '@preact/signals';
import type { TableView } from '../table-view.ts';
import { requestStories } from './request-stories.ts';
import { cartIdsOf, type Run, withEvent } from './run.ts';
import type { ClientHappening, RunEvent } from './run-event.ts';
import { sentenceOf } from './sentence.ts';
import { serverNowMs } from './server-clock.ts';

/** This tab's last run, so that a reload goes on where the page was. */
const STORED_RUN = 'playground-run';

export const run = signal<Run | undefined>(restoredRun());
export const tables = signal<TableView | undefined>(undefined);

/** What the sliders say. */
export const workMs = signal(2_000);
export const lostRequestsPercent = signal(0);
export const lostRepliesPercent = signal(0);

export const stories = computed(() => requestStories(run.value?.events ?? []));

export const rows = computed(() => {
  const view = tables.value;
  const cartIds = run.value === undefined ? [] : cartIdsOf(run.value);
  return view === undefined ? undefined : cartIds.flatMap((cartId) => view.carts[cartId] ?? []);
});

/** `undefined` while a run is going on: a sentence that changes with every event cannot be read. */
export const sentence = computed(() => {
  const current = run.value;
  if (current === undefined || !current.isOver) return undefined;
  return sentenceOf(current.events, {
    rows: rows.value?.length,
    keys: current.isOwn ? current.keys.length : undefined,
  });
});

export function addEvent(event: RunEvent): void {
  if (run.value !== undefined) run.value = withEvent(run.value, event);
}

/** Tells what only the client knows, unless another run has begun meanwhile. */
export function tellHappening(runId: string, happening: ClientHappening): void {
  if (run.value?.id === runId) addEvent({ source: 'client', atMs: serverNowMs(), happening });
}

effect(() => {
  const current = run.value;
  if (current?.isOwn) sessionStorage.setItem(STORED_RUN, JSON.stringify(current));
});

function restoredRun(): Run | undefined {
  const text = sessionStorage.getItem(STORED_RUN);
  // Written by this page, in this tab, in this form.
  return text === null ? undefined : (JSON.parse(text) as Run);
}
