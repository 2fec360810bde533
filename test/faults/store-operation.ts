/** Which step of the protocol a request on the wire is, as far as the wire tells. */
export const STORE_OPERATIONS = [
  'acquire',
  'takeOver',
  'writeChunk',
  'complete',
  'commit',
  'putCompleted',
  'release',
  'read',
  'readChunk',
] as const;
export type StoreOperation = (typeof STORE_OPERATIONS)[number];

/**
 * Reads it from the `X-Amz-Target` header (`DynamoDB_20120810.PutItem`), and where several have the same, from the
 * body: only a takeover compares the end of the lease, and the ids of chunks say what they are. `undefined` for any
 * other request.
 */
export function storeOperationOf(target: string | undefined, body: string): StoreOperation | undefined {
  switch (target?.split('.').at(-1)) {
    case 'PutItem':
      if (namesChunk(body)) return 'writeChunk';
      return isTakeOver(body) ? 'takeOver' : 'acquire';
    case 'UpdateItem':
      return 'complete';
    case 'TransactWriteItems':
      return isPutOfRecord(body) ? 'putCompleted' : 'commit';
    case 'DeleteItem':
      return 'release';
    case 'GetItem':
      return namesChunk(body) ? 'readChunk' : 'read';
    default:
      return undefined;
  }
}

// The SDK's own serializer wrote the bodies, with these members among others.

function isTakeOver(body: string): boolean {
  const { ConditionExpression: condition } = JSON.parse(body) as { readonly ConditionExpression?: string };
  return condition?.includes(':leaseEnd') === true;
}

function namesChunk(body: string): boolean {
  const { Item, Key } = JSON.parse(body) as Partial<Record<'Item' | 'Key', { readonly id: { S: string } }>>;
  return (Item ?? Key)?.id.S.includes('#chunk#') === true;
}

/** A commit updates its record, which is there; a single write puts it. */
function isPutOfRecord(body: string): boolean {
  const { TransactItems: items } = JSON.parse(body) as { readonly TransactItems?: readonly object[] };
  return items?.[0] !== undefined && 'Put' in items[0];
}
