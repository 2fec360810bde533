/** A guarded HTTP handler on a table behind a fault proxy: sends, counts its runs, and shows what it left behind. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import {
  type HttpOptions,
  type IdempotencyEvent,
  type IdempotentContext,
  idempotency,
  idempotent,
  type OnInProgress,
  type OnUncertain,
  outcomeUnknown,
  type Reconcile,
  type Strategy,
} from '../../lib/index.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../lib/local/engine-client.ts';
import { DynamoDbStore } from '../../lib/stores/dynamodb-store.ts';
import type { IdempotencyRecord } from '../../lib/stores/idempotency-store.ts';
import { CHUNK_MAX_BYTES } from '../../lib/stores/result-chunks.ts';
import { testClient } from '../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import type { Answer, RecordLeft } from './expected-outcomes.ts';
import { refuseConnections } from './refused-connection.ts';
import type { ProxiedOperation } from './store-operation.ts';

/** What the handler does in one run; it answers 201 where nothing is planned. */
export type Work = (
  context: IdempotentContext,
) => Promise<{ readonly statusCode: number; readonly body?: string }>;

const REMAINING_MS = 10_000;
const CLOCK_SKEW_MS = 1_000;

/** Too long for the record itself, and short enough to be written in time on a machine that is busy with others. */
const LAST_CHUNK_BYTES = 100 * 1024;

/** The two forms in which the library guards a handler. */
export const FORMS = ['wrapper', 'middleware'] as const;
export type Form = (typeof FORMS)[number];

type Invoke = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

export interface GuardedServiceOptions {
  readonly form: Form;
  /** Of the fault proxy. */
  readonly endpoint: string;
  /** Asked before each try of a request. */
  readonly refusesConnection: (operation: ProxiedOperation) => boolean;
  readonly tableName: string;
  readonly onUncertain?: OnUncertain | Reconcile;
  readonly onStoreUnavailable?: 'reject' | 'run-unguarded';
  readonly strategy?: Strategy;
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
  /** How often the step of each run has been run. */
  stepRuns = 0;
  readonly events: IdempotencyEvent[] = [];
  readonly #key = randomUUID();
  readonly #client: DynamoDBClient;
  readonly #engine = testClient();
  readonly #tableName: string;
  readonly #invoke: Invoke;
  readonly #planned: Work[] = [];
  #commits = false;
  #hasStep = false;
  // Leases lie on this clock and not on the machine's, so that none ends because a machine is slow.
  #nowMs = 1_800_000_000_000;

  constructor(options: GuardedServiceOptions) {
    const {
      form,
      endpoint,
      refusesConnection,
      tableName,
      maxAttempts,
      requestTimeoutMs,
      ...protocolOptions
    } = options;
    this.#tableName = tableName;
    this.#client = new DynamoDBClient({
      endpoint,
      region: LOCAL_REGION,
      credentials: LOCAL_CREDENTIALS,
      maxAttempts,
      requestHandler: { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
    });
    refuseConnections(this.#client, refusesConnection);
    this.#invoke = this.#guard(form, {
      ...protocolOptions,
      store: new DynamoDbStore({ tableName, client: this.#client }),
      clockSkewMs: CLOCK_SKEW_MS,
      now: () => this.#nowMs,
      sleep: async (ms, signal) => {
        await pause(ms, undefined, signal === undefined ? {} : { signal });
        this.#nowMs += ms;
      },
      onEvent: (event) => this.events.push(event),
    });
  }

  /** What the next run does; runs behind it follow the order of planning. */
  planRun(work: Work): void {
    this.#planned.push(work);
  }

  /** From now on, each run commits a write that can be counted. */
  commitWrites(): void {
    this.#commits = true;
  }

  /** From now on, each run begins with a step. */
  runStep(): void {
    this.#hasStep = true;
  }

  /** How often such a write was applied. */
  async writesApplied(): Promise<number> {
    const { Item } = await this.#engine.send(
      new GetItemCommand({
        TableName: this.#tableName,
        Key: { id: { S: this.#counterId } },
        ConsistentRead: true,
      }),
    );
    return Number(Item?.['count']?.N ?? 0);
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

  /** It lies in the table of the records: a transaction does not care, and no record has such an id. */
  get #counterId(): string {
    return `writes of ${this.#key}`;
  }

  #countedWrite() {
    return {
      Update: {
        TableName: this.#tableName,
        Key: { id: this.#counterId },
        UpdateExpression: 'ADD #count :one',
        ExpressionAttributeNames: { '#count': 'count' },
        ExpressionAttributeValues: { ':one': 1 },
      },
    };
  }

  close(): void {
    this.#client.destroy();
    this.#engine.destroy();
  }

  #guard(form: Form, options: HttpOptions): Invoke {
    const work = async (_event: APIGatewayProxyEventV2, context: IdempotentContext) => {
      this.runs += 1;
      if (this.#hasStep) await context.idempotency.step('step', () => ++this.stepRuns);
      if (this.#commits) context.idempotency.commit([this.#countedWrite()]);
      return (
        (await this.#planned.shift()?.(context)) ?? {
          statusCode: 201,
          body: JSON.stringify({ run: this.runs }),
        }
      );
    };
    if (form === 'wrapper') return idempotent<APIGatewayProxyEventV2, unknown>(work, options);
    const handler = middy(work).use(idempotency(options));
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    return (event, context) => handler(event, context as IdempotentContext);
  }
}

/** An answer whose body no compression makes much shorter, so that it lies in as many chunks as is said. */
export function largeAnswer(chunks: number): Awaited<ReturnType<Work>> {
  const bytes = (chunks - 1) * CHUNK_MAX_BYTES + LAST_CHUNK_BYTES;
  return { statusCode: 201, body: JSON.stringify({ picture: randomBytes(bytes).toString('base64') }) };
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
