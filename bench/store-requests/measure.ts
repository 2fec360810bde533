import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startEngine } from '../../lib/local/engine.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { requestsOf } from '../../test/support/counted-requests.ts';
import { httpApiEvent, lambdaContext } from '../../test/support/events.ts';
import { warmCacheLoaded } from '../../test/support/warm-cache-loaded.ts';
import { addToCart, createSubject, type Subject } from '../subjects.ts';
import { createWritingHandler, WRITING_HANDLERS } from './writing-handlers.ts';

export interface RequestsRun {
  readonly engine: string;
  /** The requests of each outcome, by library. */
  readonly results: Readonly<Record<string, Counts>>;
  /** Those of a handler that puts one row, its own write included, by the way in which it is guarded. */
  readonly writes: Readonly<Record<string, Counts>>;
}

export type Counts = Record<string, string[]>;

async function measure(
  name: 'lambda-idempotency' | 'powertools',
  client: DynamoDBClient,
  tableName: string,
  endpoint: string,
): Promise<Counts> {
  const subject = createSubject(name, { client, tableName });
  const failing = createSubject(name, { client, tableName, work: () => Promise.reject(new Error('failed')) });
  const send = (handler: Subject, key?: string, body?: unknown) =>
    handler(
      httpApiEvent({ ...(key === undefined ? {} : { key }), ...(body === undefined ? {} : { body }) }),
      lambdaContext(),
    )
      // Powertools refuses by throwing; what is counted here is requests, not answers.
      .catch(() => {});

  const cached = createSubject(name, { client, tableName, cache: true });

  const completed = randomUUID();
  const kept = randomUUID();
  const running = randomUUID();
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let enter = () => {};
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const slow = createSubject(name, {
    client,
    tableName,
    work: async () => {
      enter();
      await finished;
      return addToCart();
    },
  });

  await send(cached, kept);
  const counts: Counts = {
    'first run': await requestsOf(client, () => send(subject, completed)),
    'duplicate, completed': await requestsOf(client, () => send(subject, completed)),
    'other payload, completed': await requestsOf(client, () => send(subject, completed, { sku: 'pear' })),
    'duplicate, warm cache': await requestsOf(client, () => send(cached, kept)),
    'other payload, warm cache': await requestsOf(client, () => send(cached, kept, { sku: 'pear' })),
    'handler throws': await requestsOf(client, () => send(failing, randomUUID())),
    'no key': await requestsOf(client, () => send(subject)),
  };
  const first = send(slow, running);
  await entered;
  counts['duplicate, in progress'] = await requestsOf(client, () => send(subject, running));
  if (name === 'lambda-idempotency') {
    // One pause, in which the first one finishes; each further pause would cost one more GetItem.
    const sleep = async (_ms: number, alarm?: AbortSignal) => {
      if (alarm !== undefined) return new Promise(() => {});
      finish();
      return first;
    };
    const own = createEngineClient(endpoint);
    const waiting = createSubject(name, { client: own, tableName, onInProgress: { waitMs: 1_000 }, sleep });
    counts['duplicate, waits one pause'] = await requestsOf(own, () => send(waiting, running));
    own.destroy();
  }
  finish();
  await first;
  return counts;
}

/** What a handler that puts one row costs in all, its own write included. */
async function measureWrites(client: DynamoDBClient, tableName: string, dataTable: string) {
  const results: Record<string, Counts> = {};
  for (const name of WRITING_HANDLERS) {
    const handler = createWritingHandler(name, { client, tableName, dataTable });
    const key = randomUUID();
    const send = () => handler(httpApiEvent({ key, path: `/${name}` }), lambdaContext());
    results[name] = {
      'first run': await requestsOf(client, send),
      duplicate: await requestsOf(client, send),
    };
  }
  return results;
}

export async function measureRequests(): Promise<RequestsRun> {
  await warmCacheLoaded();
  const engine = await startEngine();
  const client = createEngineClient(engine.endpoint);
  try {
    const results: Record<string, Counts> = {};
    for (const name of ['lambda-idempotency', 'powertools'] as const) {
      const tableName = `bench-${randomUUID()}`;
      await ensureIdempotencyTable(client, tableName);
      results[name] = await measure(name, client, tableName, engine.endpoint);
    }
    const [tableName, dataTable] = [`bench-${randomUUID()}`, `bench-${randomUUID()}`];
    await Promise.all([ensureIdempotencyTable(client, tableName), ensureIdempotencyTable(client, dataTable)]);
    return { engine: engine.name, results, writes: await measureWrites(client, tableName, dataTable) };
  } finally {
    client.destroy();
    await engine.stop();
  }
}
