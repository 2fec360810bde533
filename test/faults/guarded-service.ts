/** A guarded handler on a table behind a fault proxy. */
import { randomBytes } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type {
  IdempotencyEventListener,
  IdempotentContext,
  OnInProgress,
  OnUncertain,
  Reconcile,
  Strategy,
} from '../../lib/index.ts';
import { DynamoDbStore } from '../../lib/stores/dynamodb-store.ts';
import { CHUNK_MAX_BYTES } from '../../lib/stores/result-chunks.ts';
import { testClient } from '../support/dynamodb.ts';
import { type Form, GuardedHandler, type Work } from './guarded-handler.ts';
import { openStruckStore, type StruckStore, type StruckStoreOptions } from './struck-store.ts';

/** Too long for the record itself, and short enough to be written in time on a machine that is busy with others. */
const LAST_CHUNK_BYTES = 100 * 1024;

export interface GuardedServiceOptions extends StruckStoreOptions {
  readonly form: Form;
  readonly onUncertain?: OnUncertain | Reconcile;
  readonly onStoreUnavailable?: 'reject' | 'run-unguarded';
  readonly strategy?: Strategy;
  readonly onInProgress?: OnInProgress;
  readonly cache?: boolean;
  readonly listener?: IdempotencyEventListener;
}

export class GuardedService extends GuardedHandler {
  readonly #struck: StruckStore;
  readonly #engine: DynamoDBClient;
  readonly #tableName: string;
  #commits = false;

  constructor(options: GuardedServiceOptions) {
    const {
      through,
      endpoint,
      refusesConnection,
      tableName,
      maxAttempts,
      requestTimeoutMs,
      ...handlerOptions
    } = options;
    const struck = openStruckStore({
      through,
      endpoint,
      refusesConnection,
      tableName,
      maxAttempts,
      requestTimeoutMs,
    });
    const engine = testClient();
    super({
      ...handlerOptions,
      store: () => struck.store,
      wellStore: new DynamoDbStore({ tableName, client: engine }),
    });
    this.#struck = struck;
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
    this.#struck.close();
    this.#engine.destroy();
  }
}

/** An answer whose body no compression makes much shorter, so that it lies in as many chunks as is said. */
export function largeAnswer(chunks: number): Awaited<ReturnType<Work>> {
  const bytes = (chunks - 1) * CHUNK_MAX_BYTES + LAST_CHUNK_BYTES;
  return { statusCode: 201, body: JSON.stringify({ picture: randomBytes(bytes).toString('base64') }) };
}
