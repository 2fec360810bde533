import type { CacheClient } from '@aws-lambda-powertools/idempotency/cache/types';

interface Entry {
  readonly value: string;
  readonly endsAtMs: number;
}

/** The commands of Redis and Valkey that the cache layer of Powertools sends, each at one go, as the server does them. */
export class InProcessCache implements CacheClient {
  readonly entries = new Map<string, Entry>();

  async get(name: string): Promise<string | null> {
    return this.#live(name)?.value ?? null;
  }

  async set(name: string, value: string, options: { EX?: number; NX?: boolean } = {}): Promise<'OK' | null> {
    const { EX: seconds = Number.POSITIVE_INFINITY, NX: onlyIfAbsent = false } = options;
    if (onlyIfAbsent && this.#live(name) !== undefined) return null;
    this.entries.set(name, { value, endsAtMs: Date.now() + seconds * 1000 });
    return 'OK';
  }

  async del(names: string[]): Promise<number> {
    return names.filter((name) => this.entries.delete(name)).length;
  }

  #live(name: string): Entry | undefined {
    const entry = this.entries.get(name);
    return entry !== undefined && Date.now() < entry.endsAtMs ? entry : undefined;
  }
}
