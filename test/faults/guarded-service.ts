/** A guarded handler on a table behind a fault proxy. */
import { randomBytes } from 'node:crypto';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type {
  IdempotencyEventListener,
  IdempotentContext,
  OnInProgress,
  OnUncertain,
  Reconcile,
  Strategy,
} from '../../lib/index.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../lib/local/engine-client.ts';
import { DynamoDbStore } from '../../lib/stores/dynamodb-store.ts';
import { CHUNK_MAX_BYTES } from '../../lib/stores/result-chunks.ts';
import { testClient } from '../support/dynamodb.ts';
import { type Form, GuardedHandler, type Work } from './guarded-handler.ts';
import { refuseConnections } from './refused-connection.ts';
import type { ProxiedOperation } from './store-operation.ts';

/** Too long for the record itself, and short enough to be written in time on a machine that is busy with others. */
const LAST_CHUNK_BYTES = 100 * 1024;

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
  readonly listener?: IdempotencyEventListener;
  /** Tries of each request by the SDK, the first included. */
  readonly maxAttempts: number;
  /** After which the client gives up one try. */
  readonly requestTimeoutMs: number;
}

export class GuardedService extends GuardedHandler {
  readonly #client: DynamoDBClient;
  readonly #engine: DynamoDBClient;
  readonly #tableName: string;
  #commits = false;

  constructor(options: GuardedServiceOptions) {
    const { endpoint, refusesConnection, tableName, maxAttempts, requestTimeoutMs, ...handlerOptions } =
      options;
    const client = new DynamoDBClient({
      endpoint,
      region: LOCAL_REGION,
      credentials: LOCAL_CREDENTIALS,
      maxAttempts,
      requestHandler: { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
    });
    refuseConnections(client, refusesConnection);
    const engine = testClient();
    super({
      ...handlerOptions,
      store: () => new DynamoDbStore({ tableName, client }),
      wellStore: new DynamoDbStore({ tableName, client: engine }),
    });
    this.#client = client;
    this.#engine = engine;
    this.#tableName = tableName;
  }

  /** From now on, each run commits a write that can be counted. */
  commitWrites(): void {
    this.#commits = true;
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

  protected override beforeWork({ idempotency }: IdempotentContext): void {
    if (this.#commits) idempotency.commit([this.#countedWrite()]);
  }

  /** It lies in the table of the records: a transaction does not care, and no record has such an id. */
  get #counterId(): string {
    return `writes of ${this.key}`;
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
}

/** An answer whose body no compression makes much shorter, so that it lies in as many chunks as is said. */
export function largeAnswer(chunks: number): Awaited<ReturnType<Work>> {
  const bytes = (chunks - 1) * CHUNK_MAX_BYTES + LAST_CHUNK_BYTES;
  return { statusCode: 201, body: JSON.stringify({ picture: randomBytes(bytes).toString('base64') }) };
}
