/**
 * Plays requests that are marked all over against a real table, and keeps everything that the library tells: what is
 * marked may show up in answers to the caller it belongs to and in the recorded result, and nowhere else.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DeleteItemCommand, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import {
  DynamoDbStore,
  type HttpOptions,
  type IdempotencyEvent,
  type IdempotencyStore,
  type IdempotentContext,
  idempotency,
  idempotent,
} from '../../lib/index.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import {
  listeners,
  logListener,
  metricsListener,
  spanListener,
  tracerListener,
} from '../../lib/observability/index.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import { type Interception, interceptedStore } from '../support/intercepted-store.ts';

export const MARKERS = Object.freeze({
  key: 'MARKEDkey5f1c',
  payload: 'MARKEDpayload77aa',
  response: 'MARKEDresponse90de',
  caller: 'MARKEDcaller3b08',
});

export const FORMS = ['middleware', 'wrapper'] as const;
export type Form = (typeof FORMS)[number];
export type Work = (context: IdempotentContext) => Promise<unknown>;
export type Handler = (event: unknown, context: Context) => Promise<unknown>;

export interface Stage {
  /** The client of the library. */
  readonly client: DynamoDBClient;
  /** Changes records behind the library's back; it is no part of what is observed. */
  readonly intruder: DynamoDBClient;
  readonly tableName: string;
  /** A table of the handlers' own, with the same key. */
  readonly dataTable: string;
}

/** An address where nobody listens: port 1 is reserved, and no engine is given it. */
const NOWHERE = 'http://127.0.0.1:1';

export class MarkedPlay {
  readonly events: IdempotencyEvent[] = [];
  /** Answers that are neither the handler's own nor replays of them. */
  readonly refusals: unknown[] = [];
  readonly errors: unknown[] = [];
  /** Names and values that traces were given. */
  readonly traced: [name: string, value: unknown][] = [];
  readonly store: DynamoDbStore;
  /** A store that fails as it does without a network. */
  readonly broken: DynamoDbStore;
  readonly #form: Form;
  readonly #stage: Stage;
  readonly #metrics = new Metrics({ namespace: 'Test', serviceName: 'test' });
  readonly #unreachable = createEngineClient(NOWHERE, { maxAttempts: 1 });
  #serial = 0;

  constructor(form: Form, stage: Stage) {
    this.#form = form;
    this.#stage = stage;
    const { client, tableName } = stage;
    this.store = new DynamoDbStore({ tableName, client });
    this.broken = new DynamoDbStore({ tableName, client: this.#unreachable });
  }

  close(): void {
    this.#metrics.publishStoredMetrics();
    this.#unreachable.destroy();
  }

  newKey(): string {
    this.#serial += 1;
    return `${MARKERS.key}-${this.#serial}`;
  }

  /** A request that carries marks wherever a client can put one. */
  event(key: string | undefined, changes: { readonly note?: string; readonly method?: string } = {}) {
    const { note = MARKERS.payload, method = 'POST' } = changes;
    return httpApiEvent({
      ...(key === undefined ? {} : { key }),
      method,
      path: `/cart/${MARKERS.payload}`,
      query: `q=${MARKERS.payload}`,
      headers: { 'x-note': MARKERS.payload },
      body: { sku: MARKERS.payload, note },
    });
  }

  options(options: HttpOptions = {}): HttpOptions {
    return { store: this.store, namespace: 'test', onEvent: this.#onEvent, storeTimings: true, ...options };
  }

  guard(work: Work, options: HttpOptions = {}): Handler {
    const all = this.options(options);
    if (this.#form === 'wrapper') return wrapped(work, all);
    const handler = middy(async (_event: unknown, context: IdempotentContext) => work(context)).use(
      idempotency(all),
    );
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    return (event, context) => handler(event, context as IdempotentContext);
  }

  async send(handler: Handler, event: unknown, context: Context = lambdaContext()): Promise<void> {
    try {
      const answer = await handler(event, context);
      if (JSON.stringify(answer)?.includes('application/problem+json')) this.refusals.push(answer);
    } catch (error) {
      this.errors.push(error);
    }
  }

  /** Sends a request, and lets `meanwhile` happen while its handler is at work. */
  async sendMeanwhile(
    event: unknown,
    meanwhile: () => Promise<unknown>,
    { work = answered, options = {} }: { readonly work?: Work; readonly options?: HttpOptions } = {},
  ): Promise<void> {
    const guarded = this.guard(async (context) => {
      await meanwhile();
      return work(context);
    }, options);
    await this.send(guarded, event);
  }

  /** The store of the library, failing at one operation. */
  failingAt(...failing: readonly Parameters<Interception>[0][]): IdempotencyStore {
    return interceptedStore(this.store, (operation, proceed) =>
      failing.includes(operation) ? this.broken.read('any') : proceed(),
    );
  }

  /** A handler that leaves a write to `commit`, with marks in all that does not hold or does not fit. */
  committing(end: 'applied' | 'condition-failed' | 'invalid'): Work {
    const { dataTable } = this.#stage;
    const Key = { id: end === 'applied' ? 'nothing' : MARKERS.payload };
    const ConditionExpression = `attribute_${end === 'condition-failed' ? '' : 'not_'}exists(id)`;
    const check = { ConditionCheck: { TableName: dataTable, Key, ConditionExpression } };
    const put = { Put: { TableName: dataTable, Item: { ...Key, note: MARKERS.payload } } };
    return async ({ idempotency: { commit } }) => {
      commit([check]);
      // Two Puts to one item are found by the library, which knows the key from the check; a wrong type by the database.
      if (end === 'invalid') commit([{ Put: { ...put.Put, Item: { ...put.Put.Item, id: 1 } } }]);
      return answered();
    };
  }

  /** As TTL does, if the retention is too short, or an operator by mistake. */
  async deleteLastRecord(): Promise<void> {
    await this.#stage.intruder.send(new DeleteItemCommand(this.#lastRecord()));
  }

  /** As somebody does who uses the same table for something else. */
  async spoilLastRecord(): Promise<void> {
    await this.#stage.intruder.send(
      new UpdateItemCommand({
        ...this.#lastRecord(),
        UpdateExpression: 'SET #status = :other',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':other': { S: 'OTHER' } },
      }),
    );
  }

  readonly #onEvent = (event: IdempotencyEvent): void => {
    this.events.push(event);
    this.#observers(event);
  };

  /** What they write and set is a part of what is searched for marks. */
  readonly #observers = listeners(
    logListener(new Logger({ serviceName: 'test', logLevel: 'DEBUG' })),
    metricsListener(this.#metrics),
    tracerListener({ putAnnotation: (key, value) => this.traced.push([key, value]) }),
    spanListener(() => ({ setAttribute: (key, value) => this.traced.push([key, value]) })),
  );

  #lastRecord() {
    const ids = this.events.flatMap((event) => ('id' in event ? [event.id] : []));
    const id = ids.at(-1);
    if (id === undefined) throw new Error('No event has named a record yet.');
    return { TableName: this.#stage.tableName, Key: { id: { S: id } } };
  }
}

export async function answered(): Promise<unknown> {
  return { statusCode: 201, body: MARKERS.response };
}

/** A handler that fails; what it says of it is its own business, and here it says nothing. */
export async function failed(): Promise<never> {
  throw new Error('the handler failed');
}

export function wrapped(work: Work, options: HttpOptions): Handler {
  const handler = idempotent(async (_event: unknown, context: IdempotentContext) => work(context), options);
  return (event, context) => handler(event, context as IdempotentContext);
}
