/** A process that wants a place, works under it, and gives it back, as an application does. */
import { isIdempotencyError } from '../../../lib/index.ts';
import { createLocks, type Grant, type Lock } from '../../../lib/locks/index.ts';
import { pickOne } from '../choices.ts';
import { lockClient } from './lock-client.ts';
import { CLOCK_SKEW_MS, LEASE_MS, type LockWorld, type Style } from './lock-world.ts';

export interface ContenderTraits {
  readonly number: number;
  readonly resource: string;
  readonly permits: number;
  /** By how much its clock is ahead, in milliseconds. */
  readonly skewMs: number;
  readonly style: Style;
  readonly waitMs: number;
}

export class Contender implements ContenderTraits {
  readonly number: number;
  readonly resource: string;
  readonly permits: number;
  readonly skewMs: number;
  readonly style: Style;
  readonly waitMs: number;
  readonly owners = new Set<string>();
  readonly id: string;
  readonly deadlineMs: number;
  isWaiting = false;
  looks = 0;
  ended = false;
  outcome: string | undefined;
  readonly #world: LockWorld;
  readonly #lock: Lock;
  #grant: Grant | undefined;
  #workEndedInTime = true;

  constructor(world: LockWorld, traits: ContenderTraits) {
    this.#world = world;
    this.number = traits.number;
    this.resource = traits.resource;
    this.permits = traits.permits;
    this.skewMs = traits.skewMs;
    this.style = traits.style;
    this.waitMs = traits.waitMs;
    const { scheduler, choices, bounds, mutant } = world;
    const locks = createLocks({
      // Reached through the contender, whose id is that of the lock which is made below.
      store: lockClient(world, this),
      leaseMs: LEASE_MS,
      clockSkewMs: CLOCK_SKEW_MS,
      ...mutant?.options,
      now: () => this.clockMs(),
      sleep: (ms, signal) => scheduler.sleep(this.number, ms, signal),
      random: () => pickOne(choices, bounds.chances),
      newOwner: () => {
        const owner = `${this.number}.${this.owners.size}`;
        this.owners.add(owner);
        return owner;
      },
      onEvent: (event) => {
        if (event.type === 'lease-lost') world.tell(this.number, 'is told that its lease is lost');
      },
    });
    const lock = locks.semaphore(this.resource, this.permits);
    this.#lock = mutant?.lock?.(lock) ?? lock;
    this.id = lock.id;
    this.deadlineMs = this.clockMs() + this.waitMs;
  }

  clockMs(): number {
    return this.#world.scheduler.nowMs + this.skewMs;
  }

  /** By its own clock, and by what it was told. */
  believesToHold(): boolean {
    const grant = this.#grant;
    return !this.ended && grant !== undefined && this.clockMs() < grant.leaseEndsAtMs;
  }

  async run(): Promise<void> {
    const { world } = { world: this.#world };
    const { style, waitMs, permits, skewMs, resource } = this;
    world.tell(
      this.number,
      `comes for ${resource}, ${permits} permits, by ${style}${style === 'tryAcquire' ? '' : `, waits ${waitMs} ms`} (clock +${skewMs} ms)`,
    );
    this.isWaiting = style !== 'tryAcquire';
    try {
      await this.#contend();
      this.outcome = 'done';
    } catch (error) {
      if (!isIdempotencyError(error)) throw error;
      this.outcome = error.code;
    }
    this.#grant = undefined;
    this.ended = true;
    world.tell(this.number, `ends: ${this.outcome}`);
  }

  crash(how: string): void {
    this.ended = true;
    this.#world.scheduler.end(this.number);
    this.#world.tell(this.number, how);
  }

  async #contend(): Promise<void> {
    const options = { waitMs: (this.#world.mutant?.waitTimes ?? 1) * this.waitMs };
    if (this.style === 'use') {
      await this.#lock.use((grant) => this.#work(grant), options);
      this.#world.checker.gaveResult(this, this.#workEndedInTime);
      return;
    }
    const grant =
      this.style === 'acquire' ? await this.#lock.acquire(options) : await this.#lock.tryAcquire();
    if (grant === undefined) return;
    const lost = grant.signal;
    await this.#work(grant);
    if (this.#world.choices.pick([1, 1]) === 1 && !lost.aborted) {
      await grant.renew();
      await this.#work(grant);
    }
    // From here on it does nothing under it any more.
    this.#grant = undefined;
    await grant.release();
  }

  async #work(grant: Grant | undefined): Promise<void> {
    const { scheduler, checker } = this.#world;
    this.isWaiting = false;
    checker.workBegins(this, grant);
    this.#grant = grant;
    for (const part of ['begins its work', 'ends its work']) {
      await scheduler.step(this.number, part);
      this.#world.tell(this.number, `${part}, number ${grant?.fencingToken}`);
      if (grant?.signal.aborted) break;
    }
    this.#workEndedInTime = grant !== undefined && this.clockMs() < grant.leaseEndsAtMs;
    if (this.style === 'use') this.#grant = undefined;
  }
}
