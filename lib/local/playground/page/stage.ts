/** The client's half of a run: what the buttons do is sent from here, to the API that everybody else uses. */

import {
  createIdempotencyClient,
  createIdempotentFetch,
  deliveryOf,
  indexedDbStorage,
} from '../../../client/index.ts';
import { lostRepliesPercent, lostRequestsPercent, tellHappening, workMs } from './playground-state.ts';
import type { Run } from './run.ts';

/** Short, so that one can watch the lease of a dead attempt run out: it lasts a second longer. */
export const FUNCTION_TIMEOUT_MS = 4_000;
/** Above the longest work time, so that silence means loss. */
const PATIENCE_MS = 3_500;
/** By then the longest story has ended, and whoever loses every request wants to hear about it. */
const DEADLINE_MS = 20_000;

const OPERATION_PREFIX = 'add-to-cart:';
const OUTBOX = { storage: indexedDbStorage('playground') };

export interface Sending {
  /** `null` for none. @defaultValue the run's first key */
  readonly key?: string | null;
  readonly quantity?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends once and asks no more, as a careless client does. */
export async function sendOnce(
  run: Run,
  { key = keyOf(run), quantity = 1, headers = {} }: Sending = {},
): Promise<void> {
  try {
    const response = await fetch('/cart/items', {
      ...request(run, quantity),
      headers: { ...demoHeaders(run), ...(key === null ? {} : { 'Idempotency-Key': key }), ...headers },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.text();
  } catch (error) {
    tellHappening(
      run.id,
      isTimeout(error) ? { type: 'no-answer', afterMs: PATIENCE_MS } : { type: 'no-connection' },
    );
  }
}

/** Sends with the library's own client, which retries what is safe to retry. */
export async function sendUntilAnswered(
  run: Run,
  {
    tryTimeoutMs = PATIENCE_MS,
    firstTry = {},
  }: {
    readonly tryTimeoutMs?: number;
    /** Headers of the first try only. */
    readonly firstTry?: Readonly<Record<string, string>>;
  } = {},
): Promise<void> {
  let isFirst = true;
  const send = createIdempotentFetch({
    ...clientOptions(run),
    tryTimeoutMs,
    headers: () => {
      const extra = isFirst ? firstTry : {};
      isFirst = false;
      return { ...demoHeaders(run), ...extra };
    },
  });
  await told(run, send('/cart/items', request(run)));
}

/** Puts the operation into the outbox and sends it from there. */
export async function sendFromOutbox(run: Run): Promise<void> {
  await told(
    run,
    outboxClient(run)
      .operation(OPERATION_PREFIX + run.id, '/cart/items', request(run))
      .send(),
  );
}

/**
 * Sends what an earlier life of this page, or another tab, has left in the outbox.
 * @returns the keys that it had
 */
export async function resumeOutbox(run: Run): Promise<string[]> {
  const resumed = await outboxClient(run).resume();
  if (resumed.some(({ kind }) => kind === 'unsettled' || kind === 'failed')) {
    tellHappening(run.id, { type: 'given-up' });
  }
  return resumed.flatMap((one) => ('response' in one ? (deliveryOf(one.response)?.key ?? []) : []));
}

/** The ids of the runs whose operations lie in the outbox, oldest first. */
export async function runsInOutbox(): Promise<string[]> {
  const pending = await createIdempotencyClient({ outbox: OUTBOX }).pending();
  return pending.map(({ name }) => name.slice(OPERATION_PREFIX.length));
}

function outboxClient(run: Run) {
  return createIdempotencyClient({
    ...clientOptions(run),
    tryTimeoutMs: PATIENCE_MS,
    headers: () => demoHeaders(run),
    outbox: OUTBOX,
  });
}

function clientOptions(run: Run) {
  return {
    newKey: () => keyOf(run),
    deadlineMs: DEADLINE_MS,
    onRetry: ({
      pauseMs,
      status,
      reason,
    }: {
      pauseMs: number;
      status: number | undefined;
      reason: string;
    }) => {
      const after =
        status === undefined ? (reason === 'timeout' ? 'no answer' : 'no connection') : String(status);
      tellHappening(run.id, { type: 'retry-planned', pauseMs, after });
    },
  };
}

async function told(run: Run, answer: Promise<Response>): Promise<void> {
  try {
    if (deliveryOf(await answer)?.settled !== true) tellHappening(run.id, { type: 'given-up' });
  } catch {
    tellHappening(run.id, { type: 'given-up' });
  }
}

function keyOf({ keys: [key] }: Run): string {
  if (key === undefined) throw new Error('A run of our own has a key.');
  return key;
}

function request({ cartId }: Run, quantity = 1): RequestInit {
  return { method: 'POST', body: JSON.stringify({ cartId, sku: 'book', quantity }) };
}

function demoHeaders(run: Run): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'x-demo-run': run.id,
    'x-demo-timeout-ms': String(FUNCTION_TIMEOUT_MS),
    'x-demo-work-ms': String(workMs.value),
    'x-demo-lose-requests': String(lostRequestsPercent.value),
    'x-demo-lose-replies': String(lostRepliesPercent.value),
  };
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}
