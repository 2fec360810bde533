/** Which step of the protocol a request on the wire is, as far as the wire tells. */
export const STORE_OPERATIONS = ['acquire', 'takeOver', 'complete', 'release', 'read'] as const;
export type StoreOperation = (typeof STORE_OPERATIONS)[number];

/**
 * Reads it from the `X-Amz-Target` header (`DynamoDB_20120810.PutItem`) and, since acquire and takeover are both a
 * `PutItem`, from the condition: only a takeover compares the end of the lease. `undefined` for any other request.
 */
export function storeOperationOf(target: string | undefined, body: string): StoreOperation | undefined {
  switch (target?.split('.').at(-1)) {
    case 'PutItem':
      return isTakeOver(body) ? 'takeOver' : 'acquire';
    case 'UpdateItem':
      return 'complete';
    case 'DeleteItem':
      return 'release';
    case 'GetItem':
      return 'read';
    default:
      return undefined;
  }
}

function isTakeOver(body: string): boolean {
  // The SDK's own serializer wrote it, with this member among others.
  const { ConditionExpression: condition } = JSON.parse(body) as { readonly ConditionExpression?: string };
  return condition?.includes(':leaseEnd') === true;
}
