/** A guarded HTTP handler on a table behind a fault proxy: sends, counts its runs, and shows what it left behind. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { IdempotencyEvent } from '../../lib/idempotency/events.ts';
import { idempotent, type OnInProgress, type OnUncertain, outcomeUnknown } from '../../lib/index.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../lib/local/engine-client.ts';
import { DynamoDbStore } from '../../lib/stores/dynamodb-store.ts';
import type { IdempotencyRecord } from '../../lib/stores/idempotency-store.ts';
import { testClient } from '../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import type { Answer, RecordLeft } from './expected-outcomes.ts';

/** What the handler does in one run; it answers 201 where nothing is planned. */
export type Work = () => Promise<{ readonly statusCode: number; readonly body?: string }>;

const REMAINING_MS = 10_000;
const CLOCK_SKEW_MS = 1_000;

export interface GuardedServiceOptions {
  /** Of the fault proxy. */
  readonly endpoint: string;
  readonly tableName: string;
  readonly onUncertain?: OnUncertain;
  readonly onInProgress?: OnInProgress;
  readonly cache?: boolean;
  /** Tries of each request by the SDK, the first included. */
  readonly maxAttempts: number;
  /** After which the client gives up one try. */
  readonly requestTimeoutMs: number;
}

class HandlerError extends Error {}

export class GuardedService {
  /** How often the handler has been entered. */
  runs = 0;
  readonly events: IdempotencyEvent[] = [];
  readonly #key = randomUUID();
  readonly #client: DynamoDBClient;
  readonly #engine = testClient();
  readonly #tableName: string;
  readonly #invoke: (
    event: ReturnType<typeof httpApiEvent>,
    context: ReturnType<typeof lambdaContext>,
  ) => Promise<unknown>;
  readonly #planned: Work[] = [];
  // Leases lie on this clock and not on the machine's, so that none ends because a machine is slow.
  #nowMs = 1_800_000_000_000;

  constructor(options: GuardedServiceOptions) {
    this.#tableName = options.tableName;
    this.#client = new DynamoDBClient({
      endpoint: options.endpoint,
      region: LOCAL_REGION,
      credentials: LOCAL_CREDENTIALS,
      maxAttempts: options.maxAttempts,
      requestHandler: { requestTimeout: options.requestTimeoutMs, throwOnRequestTimeout: true },
    });
    this.#invoke = idempotent(
      async () => {
        this.runs += 1;
        return (
          (await this.#planned.shift()?.()) ?? { statusCode: 201, body: JSON.stringify({ run: this.runs }) }
        );
      },
      {
        store: new DynamoDbStore({ tableName: options.tableName, client: this.#client }),
        clockSkewMs: CLOCK_SKEW_MS,
        onUncertain: options.onUncertain ?? 'retry',
        onInProgress: options.onInProgress ?? 'reject',
        cache: options.cache ?? false,
        now: () => this.#nowMs,
        sleep: async (ms, signal) => {
          await pause(ms, undefined, signal === undefined ? {} : { signal });
          this.#nowMs += ms;
        },
        onEvent: (event) => this.events.push(event),
      },
    );
  }

  /** What the next run does; runs behind it follow the order of planning. */
  planRun(work: Work): void {
    this.#planned.push(work);
  }

  /** One request with this service's one key. */
  async send(): Promise<Answer> {
    try {
      return describeAnswer(
        await this.#invoke(httpApiEvent({ key: this.#key }), lambdaContext(REMAINING_MS)),
      );
    } catch (error) {
      if (error instanceof HandlerError) return "the handler's error";
      throw error;
    }
  }

  /** A first attempt of which nobody knows how it ended, and whose lease is over. */
  async leaveLapsedLease(): Promise<void> {
    this.planRun(async () => outcomeUnknown({ statusCode: 504 }));
    await this.#invoke(httpApiEvent({ key: this.#key }), lambdaContext(REMAINING_MS));
    this.letLeaseLapse();
  }

  letLeaseLapse(): void {
    this.#nowMs += REMAINING_MS + CLOCK_SKEW_MS + 1;
  }

  /** The one record of the table that has this service's id, read past the proxy. */
  async record(): Promise<IdempotencyRecord | undefined> {
    const id = this.events.map((event) => ('id' in event ? event.id : undefined)).find(Boolean);
    if (id === undefined)
      throw new Error('No event has told the id of the record yet; send a request first.');
    return new DynamoDbStore({ tableName: this.#tableName, client: this.#engine }).read(id);
  }

  async recordLeft(): Promise<RecordLeft> {
    const record = await this.record();
    return record === undefined ? 'none' : `${record.status} ${record.attempt}`;
  }

  close(): void {
    this.#client.destroy();
    this.#engine.destroy();
  }
}

/** Work that fails before it has had an effect. */
export async function failingWork(): Promise<never> {
  throw new HandlerError('the handler failed');
}

function describeAnswer(answer: unknown): Answer {
  // What `idempotent` gives for an HTTP API event: the handler's answer, a replay or a problem document.
  const { statusCode, headers, body } = answer as {
    statusCode: number;
    headers?: Record<string, string>;
    body?: string;
  };
  const replayed = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'idempotent-replayed');
  // Our own problem documents carry the error's code.
  const { code } = JSON.parse(body ?? '{}') as { code?: string };
  // An answer that is none of the table's fails the comparison, and shows itself there.
  return [statusCode, replayed ? 'replayed' : '', code ?? ''].filter(Boolean).join(' ') as Answer;
}
