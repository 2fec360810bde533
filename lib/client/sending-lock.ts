/**
 * Keeps two tabs or processes from sending one operation at the same time. A courtesy and not what safety rests on: both would
 * send the same key, and the server runs it once. It spares the server the second request, and the user a "409".
 */
import type { OutboxStorage } from './outbox-storage.ts';
import { sleep } from './sleep.ts';
import { webLockManager } from './web-locks.ts';

export interface LockSettings {
  readonly storage: OutboxStorage;
  readonly leaseMs: number;
}

/**
 * Runs `work` while nobody else does under this id; waits for its turn.
 *
 * - In browsers by Web Locks: one at a time over all tabs, and free at once when a tab dies.
 * - Elsewhere by a lease in the storage itself, renewed while `work` runs. One at a time as a rule. Two may run at once where a
 *   process stood still for longer than `leaseMs`; and after one died, others wait for up to `leaseMs`.
 *
 * @throws the reason of `signal` where that aborts while waiting
 */
export function whileAlone<T>(
  id: string,
  signal: AbortSignal,
  work: () => Promise<T>,
  settings: LockSettings,
): Promise<T> {
  const locks = webLockManager();
  if (locks === undefined) return underLease(`lease-${id}`, signal, work, settings);
  return locks.request(`lambda-idempotency:${id}`, { signal }, work);
}

async function underLease<T>(
  id: string,
  signal: AbortSignal,
  work: () => Promise<T>,
  settings: LockSettings,
): Promise<T> {
  const { storage, leaseMs } = settings;
  const owner = globalThis.crypto.randomUUID();
  const leaseText = () => `${Date.now() + leaseMs} ${owner}`;
  let mine = await acquire();
  const resting = new AbortController();
  const renewing = renew();
  try {
    return await work();
  } finally {
    resting.abort();
    await renewing;
    // What cannot be given back lapses by itself.
    await storage.swap(id, mine, undefined).catch(() => {});
  }

  async function acquire(): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      const found = await storage.read(id);
      const next = leaseText();
      const remainingMs = found === undefined ? 0 : leaseEnd(found) - Date.now();
      // A lease that ends later than any lease can is of a clock that has been set back since.
      const lapsed = remainingMs <= 0 || remainingMs > leaseMs * 2;
      if (lapsed && (await storage.swap(id, found, next)) === found) return next;
      await sleep(lapsed ? 1 : Math.min(remainingMs, leaseMs / 40 + 1), signal);
    }
  }

  async function renew(): Promise<void> {
    try {
      for (;;) {
        await sleep(leaseMs / 3, resting.signal);
        const next = leaseText();
        if ((await storage.swap(id, mine, next)) !== mine) return; // Lapsed, and taken: its new owner renews it now.
        mine = next;
      }
    } catch {
      // Switched off above; or the storage fails, and the lease lapses.
    }
  }
}

/** Milliseconds since 1970; a text that is none of ours counts as lapsed. */
function leaseEnd(text: string): number {
  const endsAtMs = Number(text.split(' ', 1)[0]);
  return Number.isFinite(endsAtMs) ? endsAtMs : 0;
}
