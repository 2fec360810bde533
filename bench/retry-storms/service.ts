/** The service: away for ten seconds, and of limited capacity afterwards. */

export const OUTAGE_MS = 10_000;
/** A thousand clients need five seconds of it. */
export const CAPACITY_PER_SECOND = 200;

export type Reply = 'served' | 'unavailable' | 'lost';

export class Service {
  /** When each request arrived. */
  readonly arrivalsMs: number[] = [];
  #executions = 0;
  readonly #operations = new Set<string>();
  readonly #keys = new Set<string>();
  #tokens = CAPACITY_PER_SECOND / 10;
  #refilledAtMs = OUTAGE_MS;

  /** @param key - of the request, if it has one: the operation then takes effect once */
  receive(request: { readonly operation: string; readonly key: string | undefined }, nowMs: number): Reply {
    this.arrivalsMs.push(nowMs);
    if (nowMs < OUTAGE_MS) {
      if (Math.random() < 0.5) return 'unavailable';
      this.#execute(request);
      return 'lost';
    }
    if (!this.#hasCapacity(nowMs)) return 'unavailable';
    this.#execute(request);
    return 'served';
  }

  get duplicates(): number {
    return this.#executions - this.#operations.size;
  }

  #execute({ operation, key }: { readonly operation: string; readonly key: string | undefined }): void {
    if (key !== undefined && this.#keys.has(key)) return;
    if (key !== undefined) this.#keys.add(key);
    this.#executions++;
    this.#operations.add(operation);
  }

  #hasCapacity(nowMs: number): boolean {
    const refill = ((nowMs - this.#refilledAtMs) * CAPACITY_PER_SECOND) / 1000;
    // A tenth of a second's worth may be used at once.
    this.#tokens = Math.min(CAPACITY_PER_SECOND / 10, this.#tokens + refill);
    this.#refilledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
