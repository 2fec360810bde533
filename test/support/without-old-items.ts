import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';

/** Some emulators answer a failed condition without `Item`; this makes the engine at hand one of them. */
export function withoutOldItems(original: DynamoDBClient): DynamoDBClient {
  original.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) delete error.Item;
        if (error instanceof TransactionCanceledException) {
          for (const reason of error.CancellationReasons ?? []) delete reason.Item;
        }
        throw error;
      }
    },
    { step: 'initialize', name: 'withoutOldItems' },
  );
  return original;
}
