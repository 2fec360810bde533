import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Item } from '../stores/dynamodb-record.ts';
import { encodedItem } from './attribute-values.ts';

/** The members of a request that hold attributes. */
interface WithAttributes {
  readonly Key?: Item | undefined;
  readonly Item?: Item | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
}

/**
 * The request in DynamoDB's JSON, in UTF-8.
 * @throws CommitInvalidError for bytes in a form that cannot be sent
 */
export function requestBody(input: WithAttributes): Buffer {
  return Buffer.from(JSON.stringify(encoded(input)));
}

/** The same for a transaction. */
export function transactionBody({
  TransactItems: writes,
  ...others
}: {
  readonly TransactItems: readonly TransactWriteItem[] | undefined;
}): Buffer {
  const TransactItems = writes?.map((write) =>
    Object.fromEntries(
      Object.entries(write).map(([kind, input]: [string, WithAttributes]) => [kind, encoded(input)]),
    ),
  );
  return Buffer.from(JSON.stringify({ TransactItems, ...others }));
}

function encoded(input: WithAttributes): object {
  const { Key: key, Item: item, ExpressionAttributeValues: values } = input;
  return {
    ...input,
    ...(key === undefined ? {} : { Key: encodedItem(key) }),
    ...(item === undefined ? {} : { Item: encodedItem(item) }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: encodedItem(values) }),
  };
}
