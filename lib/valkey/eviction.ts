/**
 * Whether the server may throw records away when its memory is full. A lock that is evicted is a second run, and a
 * record that is evicted is one, too; neither is noticed by anybody. Almost every managed cache is set up like that.
 */
import { StoreError } from '../idempotency/errors.ts';

/** @throws StoreError if `info`, the reply of `INFO memory`, says or leaves open that records may be evicted */
export function rejectEviction(info: string): void {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  const maxMemory = /^maxmemory:(\d+)/m.exec(info)?.[1];
  if (policy === 'noeviction' || maxMemory === '0') return;
  const found =
    policy === undefined
      ? 'The server does not tell its eviction policy'
      : `The server's eviction policy is "${policy}"`;
  throw new StoreError(
    `${found}, so that it may drop idempotency records when its memory is full, and an operation would take effect twice. Set maxmemory-policy to noeviction, on a server that is no cache beside it; or accept the risk with new ValkeyStore({ onEvictionPossible: 'accept' }).`,
  );
}
