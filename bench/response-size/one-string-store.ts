import { type AttributeValue, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, ResultTooLargeError } from '../../lib/index.ts';
import type { Completion, Ownership, WriteOutcome } from '../../lib/stores/idempotency-store.ts';

/**
 * What is compared with: the JSON as one string in the record, as short results are kept, whatever its length. The
 * rest is the library's own store.
 */
export class OneStringStore extends DynamoDbStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor(options: { readonly tableName: string; readonly client: DynamoDBClient }) {
    super(options);
    this.#client = options.client;
    this.#tableName = options.tableName;
  }

  override async complete(ownership: Ownership, completion: Completion): Promise<WriteOutcome> {
    if (completion.result.kind !== 'json') return super.complete(ownership, completion);
    const values: Record<string, AttributeValue> = {
      ':owner': { S: ownership.owner },
      ':inProgress': { S: 'INPROGRESS' },
      ':completed': { S: 'COMPLETED' },
      ':expiration': { N: String(completion.expiresAtSeconds) },
      ':data': { S: completion.result.json },
    };
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: { id: { S: ownership.id } },
          UpdateExpression: 'SET #status = :completed, #expiration = :expiration, #data = :data',
          ConditionExpression: '#status = :inProgress AND #owner = :owner',
          ExpressionAttributeNames: {
            '#status': 'status',
            '#expiration': 'expiration',
            '#data': 'data',
            '#owner': 'owner',
          },
          ExpressionAttributeValues: values,
        }),
      );
      return { applied: true };
    } catch (cause) {
      // The engine's word on items over 400 KB.
      if (cause instanceof Error && /item size/i.test(cause.message))
        throw new ResultTooLargeError({ cause });
      throw cause;
    }
  }
}
