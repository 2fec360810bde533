import { randomUUID } from 'node:crypto';
import type { Observation, Observer } from '../observation.ts';

/** An observation in its place in the feed. */
export interface FeedEntry {
  /** `<boot>:<serial>`, new with each start of the server. */
  readonly id: string;
  readonly observation: Observation;
}

type Listener = (entry: FeedEntry) => void;

/**
 * For pages that come back after a reload: some 30 runs of the playground, and a bound on the memory of a server that
 * is put under load.
 */
const HISTORY_MAX_ENTRIES = 1_000;

/** The server's observations in their order, kept for a while so that whoever reconnects misses none. */
export class EventFeed {
  readonly #boot = randomUUID().slice(0, 8);
  readonly #listeners = new Set<Listener>();
  readonly #history: FeedEntry[] = [];
  #serial = 0;

  readonly observe: Observer = (observation) => {
    this.#serial += 1;
    const entry = { id: `${this.#boot}:${this.#serial}`, observation };
    this.#history.push(entry);
    if (this.#history.length > HISTORY_MAX_ENTRIES) this.#history.shift();
    for (const listener of this.#listeners) listener(entry);
  };

  /**
   * Tells `listener` of everything behind the entry `lastId`, and from then on of everything new. All that is still
   * known is told where `lastId` is not: after a restart, or too long ago.
   * @returns what ends it
   */
  follow(listener: Listener, lastId?: string): () => void {
    const seen = this.#history.findIndex(({ id }) => id === lastId);
    for (const entry of this.#history.slice(seen + 1)) listener(entry);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
