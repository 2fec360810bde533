/** The promises of locks, looked at after every step. */
import type { LockState } from '../../../lib/locks/index.ts';
import type { LockOperation } from '../../support/intercepted-lock-store.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Contender } from './contender.ts';

export const LOCK_INVARIANTS = {
  'no more holders than permits':
    'of those who hold a place by their own clocks and have not been told otherwise, there are never more than permits',
  'fencing numbers grow':
    'each grant whose lease is not over when it is made has a higher number than all such grants of that resource before it, also after its record was deleted',
  'only the holder writes':
    'no request changes or removes the place of another, but for one whose lease is over by some clock; and no lease is moved back',
  'no work without a grant': 'work begins only for one whom the store has granted a place',
  'a lost lease spoils the result':
    'what work returns when its lease is over by its own clock is not given as a result',
  'waiting ends by the deadline':
    'no look and no ticket is asked for after the deadline; and every wait ends',
  'a place of the dead is free again': 'when every lease is over, as many get a place as there are permits',
} as const;

export type LockInvariant = keyof typeof LOCK_INVARIANTS;

export interface LockViolation {
  readonly invariant: LockInvariant;
  readonly message: string;
}

export class LockChecker {
  readonly #scheduler: Scheduler;
  readonly #clockSkewMs: number;
  #violation: LockViolation | undefined;
  /** The highest number that was ever granted, by id. */
  readonly #lastToken = new Map<string, number>();
  readonly #granted = new Set<string>();

  constructor(scheduler: Scheduler, clockSkewMs: number) {
    this.#scheduler = scheduler;
    this.#clockSkewMs = clockSkewMs;
  }

  get violation(): LockViolation | undefined {
    return this.#violation;
  }

  /** The store has applied a request of `contender`, or a late one of its. */
  applied(
    contender: Contender,
    operation: LockOperation,
    before: LockState | undefined,
    after: LockState | undefined,
  ): void {
    if (after === undefined) return;
    for (const [owner, { fencingToken, leaseEndsAtMs }] of Object.entries(after.holders)) {
      const grant = `${after.id} ${owner}`;
      const isNew = before?.holders[owner]?.fencingToken !== fencingToken;
      if (!isNew) continue;
      if (operation !== 'take' || !contender.owners.has(owner)) {
        this.#break(
          'only the holder writes',
          `${operation} of contender ${contender.number} made ${owner} a holder`,
        );
      }
      this.#granted.add(grant);
      // A request that a frozen process sent on after a week may make one whose lease is long over: nobody is given it.
      if (this.#isOverByEveryClock(leaseEndsAtMs)) continue;
      const last = this.#lastToken.get(after.id) ?? 0;
      if (fencingToken <= last) {
        this.#break('fencing numbers grow', `${fencingToken} was granted after ${last}`);
      }
      this.#lastToken.set(after.id, Math.max(last, fencingToken));
    }
    const latestClockMs = this.#scheduler.nowMs + this.#clockSkewMs;
    for (const [owner, holder] of Object.entries(before?.holders ?? {})) {
      const now = after.holders[owner];
      if (now !== undefined && now.leaseEndsAtMs < holder.leaseEndsAtMs && contender.owners.has(owner)) {
        this.#break('only the holder writes', `${operation} moved the end of a lease back`);
      }
      if (contender.owners.has(owner)) continue;
      const isSame = now?.leaseEndsAtMs === holder.leaseEndsAtMs && now.fencingToken === holder.fencingToken;
      const mayBeTakenOver =
        operation === 'take' && now === undefined && holder.leaseEndsAtMs <= latestClockMs;
      if (!isSame && !mayBeTakenOver) {
        this.#break(
          'only the holder writes',
          `${operation} of contender ${contender.number} changed the place of ${owner}`,
        );
      }
    }
  }

  #isOverByEveryClock(leaseEndsAtMs: number): boolean {
    return leaseEndsAtMs <= this.#scheduler.nowMs;
  }

  sent(contender: Contender, operation: LockOperation): void {
    const isLook = operation === 'read' || operation === 'enqueue';
    if (isLook && contender.isWaiting && contender.looks > 0 && contender.clockMs() > contender.deadlineMs) {
      this.#break(
        'waiting ends by the deadline',
        `contender ${contender.number} asks ${contender.clockMs() - contender.deadlineMs} ms after its deadline`,
      );
    }
    if (isLook) contender.looks += 1;
  }

  /** After every step. */
  look(contenders: readonly Contender[]): void {
    const holding = contenders.filter((contender) => contender.believesToHold());
    for (const { resource, permits, number } of holding) {
      const beside = holding.filter((other) => other.resource === resource);
      if (beside.length > permits) {
        this.#break(
          'no more holders than permits',
          `${beside.map((other) => `contender ${other.number}`).join(' and ')} hold ${resource}, of which contender ${number} was promised ${permits}`,
        );
      }
    }
  }

  workBegins(contender: Contender, grant: { readonly owner: string } | undefined) {
    if (grant === undefined || !this.#granted.has(`${contender.id} ${grant.owner}`)) {
      this.#break('no work without a grant', `contender ${contender.number} works without one`);
    }
  }

  gaveResult(contender: Contender, workEndedInTime: boolean): void {
    if (!workEndedInTime) {
      this.#break(
        'a lost lease spoils the result',
        `contender ${contender.number} was given the result of work that outlived its lease`,
      );
    }
  }

  probed(resource: string, granted: number, permits: number): void {
    if (granted < permits) {
      this.#break(
        'a place of the dead is free again',
        `${granted} of ${permits} places of ${resource} can be had when every lease is over`,
      );
    }
  }

  neverEnds(contender: Contender): void {
    this.#break('waiting ends by the deadline', `contender ${contender.number} waits for ever`);
  }

  #break(invariant: LockInvariant, message: string): void {
    this.#violation ??= { invariant, message: `${invariant}: ${message}` };
  }
}
