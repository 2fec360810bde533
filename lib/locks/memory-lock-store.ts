import type { Holder, LockState } from './lock-state.ts';
import type { LockStore, LockWrite, Taking } from './lock-store.ts';

interface Entry extends LockState {
  readonly nextTicket: number;
}

const APPLIED = { applied: true } as const;

/**
 * Locks in this process: for unit tests, examples and simulations. It behaves as the DynamoDB store does (the same contract
 * suite holds both), but two processes share nothing through it, so it guards no deployment. It keeps every record for the
 * life of the process, as a table without TTL would.
 */
export class MemoryLockStore implements LockStore {
  readonly #entries = new Map<string, Entry>();

  // Each method runs to its end without an await inside, which is what makes it atomic.

  async read(id: string): Promise<LockState | undefined> {
    return this.#stateOf(id);
  }

  async take(taking: Taking): Promise<LockWrite> {
    const { id, owner, permits, fencingToken, leaseEndsAtMs, expiresAtSeconds, seen } = taking;
    const entry = this.#entries.get(id);
    const isAsSeen =
      seen === undefined
        ? entry === undefined
        : entry?.fencingToken === seen.fencingToken &&
          seen.lapsed.every(([lapsed, endMs]) => entry.holders[lapsed]?.leaseEndsAtMs === endMs);
    if (!isAsSeen) return this.#refused(id);
    const gone = new Set(seen?.lapsed.map(([lapsed]) => lapsed));
    const served = new Set([...(seen?.passed ?? []), owner]);
    this.#entries.set(id, {
      id,
      permits,
      fencingToken,
      holders: { ...without(entry?.holders ?? {}, gone), [owner]: { fencingToken, leaseEndsAtMs } },
      queue: without(entry?.queue ?? {}, served),
      nextTicket: entry?.nextTicket ?? 1,
      freedAtMs: entry?.freedAtMs ?? 0,
      expiresAtSeconds,
    });
    return APPLIED;
  }

  async enqueue(
    id: string,
    owner: string,
    queueMax: number,
  ): Promise<LockWrite & { readonly state?: LockState }> {
    const entry = this.#entries.get(id);
    if (entry === undefined || owner in entry.queue || Object.keys(entry.queue).length >= queueMax) {
      return this.#refused(id);
    }
    const queue = { ...entry.queue, [owner]: entry.nextTicket };
    this.#entries.set(id, { ...entry, queue, nextTicket: entry.nextTicket + 1 });
    const state = this.#stateOf(id);
    return state === undefined ? APPLIED : { applied: true, state };
  }

  async leaveQueue(id: string, owner: string): Promise<LockWrite> {
    const entry = this.#entries.get(id);
    if (entry === undefined || !(owner in entry.queue)) return this.#refused(id);
    this.#entries.set(id, { ...entry, queue: without(entry.queue, new Set([owner])) });
    return APPLIED;
  }

  async renew(
    id: string,
    owner: string,
    leaseEndsAtMs: number,
    expiresAtSeconds: number,
  ): Promise<LockWrite> {
    const entry = this.#entries.get(id);
    const held: Holder | undefined = entry?.holders[owner];
    if (entry === undefined || held === undefined || held.leaseEndsAtMs >= leaseEndsAtMs) {
      return this.#refused(id);
    }
    const holders = { ...entry.holders, [owner]: { ...held, leaseEndsAtMs } };
    this.#entries.set(id, { ...entry, holders, expiresAtSeconds });
    return APPLIED;
  }

  async release(id: string, owner: string, freedAtMs: number): Promise<LockWrite> {
    const entry = this.#entries.get(id);
    if (entry === undefined || !(owner in entry.holders)) return this.#refused(id);
    const gone = new Set([owner]);
    this.#entries.set(id, {
      ...entry,
      holders: without(entry.holders, gone),
      queue: without(entry.queue, gone),
      freedAtMs,
    });
    return APPLIED;
  }

  #refused(id: string): { readonly applied: false; readonly current: LockState | undefined } {
    return { applied: false, current: this.#stateOf(id) };
  }

  #stateOf(id: string): LockState | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { nextTicket: _, ...state } = entry;
    return state;
  }
}

function without<T>(entries: Readonly<Record<string, T>>, gone: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).filter(([owner]) => !gone.has(owner)));
}
