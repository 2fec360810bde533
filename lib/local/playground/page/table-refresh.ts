import type { TableView } from '../table-view.ts';
import { createRefresher } from './freshness.ts';
import { run, tables } from './playground-state.ts';
import { cartIdsOf, recordIdsOf } from './run.ts';
import { learnServerTime } from './server-clock.ts';

/** As many of each as the server shows at once. */
const LOOK_MAX_ITEMS = 20;

/** Looks into the tables. */
export const refreshTables = createRefresher(look);

async function look(): Promise<void> {
  const current = run.value;
  if (current === undefined) return;
  const query = new URLSearchParams([
    ...recordIdsOf(current)
      .slice(0, LOOK_MAX_ITEMS)
      .map((id) => ['record', id]),
    ...cartIdsOf(current)
      .slice(0, LOOK_MAX_ITEMS)
      .map((id) => ['cart', id]),
  ]);
  const sentAtMs = Date.now();
  try {
    const response = await fetch(`/playground/tables?${query}`);
    // What our own server answers.
    if (!response.ok) return;
    const view = (await response.json()) as TableView;
    learnServerTime(view.atMs, sentAtMs);
    tables.value = view;
  } catch {
    // The server is gone for the moment; the stream's reconnection looks again.
  }
}
