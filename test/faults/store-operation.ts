/** Which operation of the port a request on the wire is, as far as the wire tells. */
export const STORE_OPERATIONS = [
  'acquire',
  'takeOver',
  'renew',
  'recordStep',
  'writeChunk',
  'complete',
  'commit',
  'putCompleted',
  'release',
  'read',
  'readChunk',
] as const;
export type StoreOperation = (typeof STORE_OPERATIONS)[number];

/** The requests of locks, told apart by the ids of their records. */
export type LockRequest = 'lock: read' | 'lock: take' | 'lock: enqueue' | 'lock: renew' | 'lock: release';

/** Whatever the proxy can strike. */
export type ProxiedOperation = StoreOperation | LockRequest;

/** As the SDK's own serializer wrote it, with these members among others. */
interface RequestBody {
  readonly UpdateExpression?: string;
  readonly TransactItems?: readonly object[];
}

/**
 * Reads it from the `X-Amz-Target` header (`DynamoDB_20120810.UpdateItem`) and, where several have the same, from the
 * body: of the updates only a takeover sets an owner, a step names itself, and a renewal sets the end of the lease alone;
 * the ids of chunks say what they are. `undefined` for any other request.
 */
export function storeOperationOf(target: string | undefined, body: string): ProxiedOperation | undefined {
  if (isAboutLock(body)) return lockRequestOf(JSON.parse(body) as RequestBody);
  switch (target?.split('.').at(-1)) {
    case 'PutItem':
      return namesChunk(body) ? 'writeChunk' : 'acquire';
    case 'UpdateItem':
      return updateOf(JSON.parse(body) as RequestBody);
    case 'TransactWriteItems':
      return isPutOfRecord(JSON.parse(body) as RequestBody) ? 'putCompleted' : 'commit';
    case 'DeleteItem':
      return 'release';
    case 'GetItem':
      return namesChunk(body) ? 'readChunk' : 'read';
    default:
      return undefined;
  }
}

function updateOf({ UpdateExpression: update = '' }: RequestBody): StoreOperation {
  if (update.includes('#owner =')) return 'takeOver';
  if (update.includes('#step =')) return 'recordStep';
  if (update.includes('#leaseEnd =')) return 'renew';
  return 'complete';
}

function namesChunk(body: string): boolean {
  const { Item, Key } = JSON.parse(body) as Partial<Record<'Item' | 'Key', { readonly id: { S: string } }>>;
  return (Item ?? Key)?.id.S.includes('#chunk#') === true;
}

/** A commit updates its record, which is there; a single write puts it. */
function isPutOfRecord({ TransactItems: items }: RequestBody): boolean {
  return items?.[0] !== undefined && 'Put' in items[0];
}

function isAboutLock(body: string): boolean {
  const { Key: key } = JSON.parse(body) as { readonly Key?: { readonly id?: { readonly S?: string } } };
  return key?.id?.S?.startsWith('lock:') ?? false;
}

function lockRequestOf({ UpdateExpression: update }: RequestBody): LockRequest | undefined {
  if (update === undefined) return 'lock: read';
  if (update.includes('#fencing = :fencing')) return 'lock: take';
  if (update.includes('#nextTicket + ')) return 'lock: enqueue';
  if (update.includes('#leaseEnd = ')) return 'lock: renew';
  return update.includes('#freedAt = ') ? 'lock: release' : undefined;
}
