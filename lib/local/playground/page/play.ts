/** Begins a run, and ends it when nothing more can come of it. */

import { run, tables, tellHappening } from './playground-state.ts';
import { areSettled, requestStories } from './request-stories.ts';
import type { Run } from './run.ts';
import type { Scenario } from './scenarios.ts';
import { serverNowMs } from './server-clock.ts';
import { FUNCTION_TIMEOUT_MS, resumeOutbox, runsInOutbox } from './stage.ts';
import { refreshTables } from './table-refresh.ts';

/** The function may work on after its client has ended, until its time is over, and the stream is a moment behind. */
const SETTLED_WITHIN_MS = FUNCTION_TIMEOUT_MS + 1_000;
const LOOK_EVERY_MS = 50;
/** What was answered is in the stream by then. */
const STREAM_DELAY_MS = 150;

export async function play(scenario: Scenario): Promise<void> {
  if (run.value?.isOver === false && run.value.isOwn) return;
  const begun = newRun(
    crypto.randomUUID(),
    scenario.title,
    scenario.id === 'no-key' ? [] : [crypto.randomUUID()],
  );
  tables.value = undefined;
  run.value = begun;
  await scenario.play(begun);
  await end(begun.id);
}

/** At the start of the page: what is in the outbox goes on, with the key that it had. */
export async function resume(): Promise<void> {
  const interrupted = run.value?.isOwn && !run.value.isOver ? run.value : undefined;
  const left = await runsInOutbox();
  const [adopted] = left;
  if (interrupted === undefined && adopted === undefined) return;

  const resumed = interrupted ?? newRun(adopted ?? '', 'From the outbox', []);
  run.value = resumed;
  if (left.length > 0) {
    tellHappening(resumed.id, { type: left.includes(interrupted?.id ?? '') ? 'reloaded' : 'adopted' });
    const keys = await resumeOutbox(resumed);
    if (run.value?.id === resumed.id && resumed.keys.length === 0) run.value = { ...run.value, keys };
  }
  await end(resumed.id);
}

function newRun(id: string, title: string, keys: readonly string[]): Run {
  return {
    id,
    title,
    isOwn: true,
    keys,
    cartId: `cart-${id.slice(0, 8)}`,
    startedAtMs: serverNowMs(),
    events: [],
    isOver: false,
  };
}

async function end(id: string): Promise<void> {
  const giveUpAtMs = Date.now() + SETTLED_WITHIN_MS;
  await pause(STREAM_DELAY_MS);
  while (run.value?.id === id && !areSettled(requestStories(run.value.events)) && Date.now() < giveUpAtMs) {
    await pause(LOOK_EVERY_MS);
  }
  await refreshTables();
  if (run.value?.id === id) run.value = { ...run.value, isOver: true };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
