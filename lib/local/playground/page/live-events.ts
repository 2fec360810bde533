/** The server's event stream into the page's state. */

import type { Observation } from '../../observation.ts';
import type { FeedEntry } from '../event-feed.ts';
import { followEvents } from './event-source.ts';
import { addEvent, run } from './playground-state.ts';
import { areSettled, requestStories } from './request-stories.ts';
import type { Run } from './run.ts';
import { timeOf } from './run-event.ts';
import { serverNowMs } from './server-clock.ts';
import { refreshTables } from './table-refresh.ts';

const openedAtMs = serverNowMs();
/** Requests from elsewhere that come this long after the last one are another story. */
const ELSEWHERE_PAUSE_MS = 10_000;

export function followRuns(): void {
  followEvents(apply, () => void refreshTables());
}

function apply({ id, observation }: FeedEntry): void {
  if (observation.run !== run.value?.id || run.value === undefined) {
    if (!mayShow(observation)) return;
    if (!belongsToShown(observation)) run.value = elsewhere(observation);
  }
  addEvent({ source: 'server', id, observation });
  const refreshed = refreshTables();
  if (run.value?.isOwn !== false) return;
  // Not over before the tables have been looked at again: what is said of the cart must be as new as the requests.
  run.value = { ...run.value, isOver: false };
  void refreshed.then(endIfSettled);
}

function endIfSettled(): void {
  const shown = run.value;
  if (shown?.isOwn !== false) return;
  run.value = { ...shown, isOver: areSettled(requestStories(shown.events)) };
}

/** Others' requests are shown while no run of ours is going on, and not those from before this page was opened. */
function mayShow(observation: Observation): boolean {
  return observation.atMs >= openedAtMs && (run.value === undefined || run.value.isOver || !run.value.isOwn);
}

function belongsToShown(observation: Observation): boolean {
  const shown = run.value;
  if (shown === undefined || shown.isOwn) return false;
  const last = shown.events.at(-1);
  const isKnown = requestStories(shown.events).length > 0 && observation.type !== 'received';
  return isKnown || last === undefined || observation.atMs - timeOf(last) < ELSEWHERE_PAUSE_MS;
}

function elsewhere({ run: id, atMs }: Observation): Run {
  return {
    id: id ?? 'elsewhere',
    title: id === undefined ? 'From a shell' : 'From another tab',
    isOwn: false,
    keys: [],
    cartId: undefined,
    startedAtMs: atMs,
    events: [],
    isOver: false,
  };
}
