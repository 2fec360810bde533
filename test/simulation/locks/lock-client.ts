/** The store as one contender reaches it: over a network that refuses, delays and loses. As the AWS SDK, it tries again. */
import { StoreError } from '../../../lib/index.ts';
import type { LockStore } from '../../../lib/locks/index.ts';
import { interceptedLockStore, type LockOperation } from '../../support/intercepted-lock-store.ts';
import { NETWORK } from '../scheduler.ts';
import type { Contender } from './contender.ts';
import type { LockWorld } from './lock-world.ts';

const FATES = ['delivered', 'refused', 'reply lost', 'delayed'] as const;
const FATE_WEIGHTS = [5, 1, 2, 1];

/**
 * AWS turns down what was signed longer ago ("Signature Version 4", IAM User Guide: five minutes in most cases). It is what
 * bounds how late a request can arrive; the record that it was meant for is kept for a week.
 */
const SIGNATURE_LASTS_MS = 15 * 60_000;

export function lockClient(world: LockWorld, contender: Contender): LockStore {
  const { scheduler, checker, choices, bounds } = world;

  async function send(operation: LockOperation, proceed: () => Promise<unknown>): Promise<unknown> {
    checker.sent(contender, operation);
    for (let tries = 0; tries < bounds.tries; tries += 1) {
      await scheduler.step(contender.number, operation);
      const fate = FATES[choices.pick(world.faultsLeft > 0 ? FATE_WEIGHTS : [1])];
      if (fate !== 'delivered') world.faultsLeft -= 1;
      world.tell(contender.number, `${operation} ${fate}`);
      if (fate === 'refused') continue;
      if (fate === 'delayed') {
        deliverLater(operation, proceed);
        continue;
      }
      const outcome = await apply(operation, proceed);
      if (fate === 'reply lost') continue;
      await scheduler.step(contender.number, `reply to ${operation}`);
      world.tell(contender.number, `  reply: ${describe(outcome)}`);
      return outcome;
    }
    world.tell(contender.number, `  gives up the ${operation}`);
    throw new StoreError(`No reply to ${operation}.`);
  }

  async function apply(operation: LockOperation, proceed: () => Promise<unknown>): Promise<unknown> {
    const before = await world.locks.read(contender.id);
    const outcome = await proceed();
    checker.applied(contender, operation, before, await world.locks.read(contender.id));
    return outcome;
  }

  function deliverLater(operation: LockOperation, proceed: () => Promise<unknown>): void {
    const sentMs = scheduler.nowMs;
    void scheduler.step(NETWORK, `late ${operation} of contender ${contender.number}`).then(async () => {
      const isStale = scheduler.nowMs - sentMs > SIGNATURE_LASTS_MS;
      world.tell(contender.number, `late ${operation} ${isStale ? 'is turned down as stale' : 'arrives'}`);
      if (!isStale) await apply(operation, proceed);
    });
  }

  const broken = world.mutant?.store?.(world.locks, contender, world) ?? world.locks;
  return interceptedLockStore(broken, send);
}

function describe(reply: unknown): string {
  if (reply === undefined) return 'there is no record';
  if (typeof reply === 'object' && reply !== null && 'applied' in reply) {
    return reply.applied === true ? 'applied' : 'refused';
  }
  return JSON.stringify(reply);
}
