/**
 * What the mutex protects: a counter that is read, and written one higher a while later. As a fenced resource it lets a holder
 * say its number first, which shuts out every one before it, and compares the number at the write. Each increment is logged
 * in the same transaction, so that a lost one can be seen.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { scanAll } from '../scan.ts';

const COUNTER_ID = 'counter';
const LOG_PREFIX = 'increment:';

export class FencedCounter {
  readonly #documents: DynamoDBDocumentClient;
  readonly #tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#documents = DynamoDBDocumentClient.from(client);
    this.#tableName = tableName;
  }

  /** The value, of which every holder before this one is shut out from now on. Throws if this one is. */
  async begin(fencingToken: number): Promise<number> {
    const { Attributes: attributes } = await this.#documents.send(
      new UpdateCommand({
        TableName: this.#tableName,
        Key: { id: COUNTER_ID },
        UpdateExpression: 'SET fencing = :token',
        // Equal, where the SDK has sent it twice.
        ConditionExpression: 'attribute_not_exists(fencing) OR fencing <= :token',
        ExpressionAttributeValues: { ':token': fencingToken },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Number(attributes?.['amount'] ?? 0);
  }

  /** @param isFenced - false breaks it on purpose */
  async write(
    fencingToken: number,
    amount: number,
    { isFenced }: { readonly isFenced: boolean },
  ): Promise<void> {
    const fence = isFenced
      ? {
          ConditionExpression: 'fencing = :token',
          ExpressionAttributeValues: { ':amount': amount, ':token': fencingToken },
        }
      : { ExpressionAttributeValues: { ':amount': amount } };
    await this.#documents.send(
      new TransactWriteCommand({
        // The same number is the same increment, where the SDK has sent it twice.
        ClientRequestToken: `increment-${fencingToken}`,
        TransactItems: [
          {
            Update: {
              TableName: this.#tableName,
              Key: { id: COUNTER_ID },
              UpdateExpression: 'SET amount = :amount',
              ...fence,
            },
          },
          { Put: { TableName: this.#tableName, Item: { id: `${LOG_PREFIX}${fencingToken}` } } },
        ],
      }),
    );
  }

  async read(): Promise<{ readonly amount: number; readonly increments: number }> {
    const { Item: item } = await this.#documents.send(
      new GetCommand({ TableName: this.#tableName, Key: { id: COUNTER_ID }, ConsistentRead: true }),
    );
    const items = await scanAll(this.#documents, this.#tableName);
    const increments = items.filter(({ id }) => String(id).startsWith(LOG_PREFIX)).length;
    return { amount: Number(item?.['amount'] ?? 0), increments };
  }
}

/** Whether the row knows a higher number; what else goes wrong is no refusal. */
export function isRefusedByFence(error: unknown): boolean {
  if (error instanceof ConditionalCheckFailedException) return true;
  if (!(error instanceof TransactionCanceledException)) return false;
  return error.CancellationReasons?.some(({ Code: code }) => code === 'ConditionalCheckFailed') ?? false;
}
