/** The store as one invocation reaches it: over a network that refuses, delays and loses. */
import { type IdempotencyStore, StoreError } from '../../lib/index.ts';
import { interceptedStore } from '../support/intercepted-store.ts';
import type { Sender } from './invocation.ts';
import { NETWORK } from './scheduler.ts';
import type { StoreOperation, World } from './world.ts';

/** The odds of a store request's fate, once something may go wrong at all. */
const FATES = ['delivered', 'refused', 'reply lost', 'delayed'] as const;
const FATE_WEIGHTS = [5, 1, 2, 1];

/**
 * As the AWS SDK does it: what brought no reply is sent again, until the tries are used up. A delayed request counts
 * as lost, and is applied whenever the network pleases, long after its sender has ended, too.
 */
export function simulatedClient(world: World, sender: Sender): IdempotencyStore {
  const { scheduler, checker, choices, bounds } = world;

  async function send(operation: StoreOperation, proceed: () => Promise<unknown>): Promise<unknown> {
    for (let tries = 0; tries < bounds.tries; tries += 1) {
      await scheduler.step(sender.number, operation);
      const fate = FATES[choices.pick(world.faultsLeft > 0 ? FATE_WEIGHTS : [1])];
      if (fate !== 'delivered') world.faultsLeft -= 1;
      sender.note(() => `${operation} ${fate}`);
      if (fate === 'refused') continue;
      if (fate === 'delayed') {
        deliverLater(operation, proceed);
        continue;
      }
      const outcome = await apply(operation, proceed);
      const left = await world.table.records();
      const holdsLock = left.some(({ status, owner }) => status === 'INPROGRESS' && sender.owners.has(owner));
      if (operation !== 'read') sender.holdsLock = holdsLock;
      if (fate === 'reply lost') continue;
      await scheduler.step(sender.number, `reply to ${operation}`);
      // Of a lock that came into being later, it knows only what it is told.
      if (operation === 'read') sender.holdsLock = holdsLock;
      // What it learned, and when, is all that the sender's state depends on.
      sender.note(() => `${JSON.stringify(outcome)} at ${scheduler.nowMs}`);
      return outcome;
    }
    sender.note(() => `gave up ${operation} at ${scheduler.nowMs}`);
    throw new StoreError(`No reply to ${operation}.`);
  }

  async function apply(operation: StoreOperation, proceed: () => Promise<unknown>): Promise<unknown> {
    const before = await world.table.records();
    const outcome = await proceed();
    const after = await world.table.records();
    checker.applied(sender, operation, before, after);
    return outcome;
  }

  function deliverLater(operation: StoreOperation, proceed: () => Promise<unknown>): void {
    void scheduler
      .step(NETWORK, `late ${operation} of send ${sender.number}`)
      .then(() => apply(operation, proceed))
      .then(() => world.tell(sender.number, `late ${operation} arrives`));
  }

  const broken = world.mutant?.store?.(world.table, sender, world) ?? world.table;
  return interceptedStore(broken, send);
}
