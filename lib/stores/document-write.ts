/**
 * A write in the form of the document client: what `TransactWriteCommandInput` of `@aws-sdk/lib-dynamodb` calls a member
 * of `TransactItems`. Declared here member for member, so that nobody needs that package for its types alone.
 */

/** Attributes as JavaScript values: any object with members, instances of the user's own interfaces included. */
type Document = object;

interface WriteToTable {
  readonly TableName: string | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
  /** `ALL_OLD` brings the item that stood in the way into `CommitConditionError.reasons`. */
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE' | undefined;
}

export interface DocumentPut extends WriteToTable {
  readonly Item: Document | undefined;
  readonly ConditionExpression?: string | undefined;
}

export interface DocumentUpdate extends WriteToTable {
  readonly Key: Document | undefined;
  readonly UpdateExpression: string | undefined;
  readonly ConditionExpression?: string | undefined;
}

export interface DocumentDelete extends WriteToTable {
  readonly Key: Document | undefined;
  readonly ConditionExpression?: string | undefined;
}

export interface DocumentConditionCheck extends WriteToTable {
  readonly Key: Document | undefined;
  readonly ConditionExpression: string | undefined;
}

/** Exactly one of the four. */
export interface DocumentWrite {
  readonly Put?: DocumentPut | undefined;
  readonly Update?: DocumentUpdate | undefined;
  readonly Delete?: DocumentDelete | undefined;
  readonly ConditionCheck?: DocumentConditionCheck | undefined;
}
