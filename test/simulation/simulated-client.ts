/** The store as one invocation reaches it: over a network that refuses, delays and loses. */
import {
  type IdempotencyRecord,
  StoreError,
  type TransactionalStore,
  type TransactionOutcome,
  type WriteOutcome,
} from '../../lib/index.ts';
import { interceptedStore } from '../support/intercepted-store.ts';
import type { Sender } from './invocation.ts';
import { NETWORK } from './scheduler.ts';
import type { StoreOperation, World } from './world.ts';

/** The outcome of a write, or the record that was read. */
function describeReply(reply: unknown, nowMs: number): string {
  const outcome = reply as WriteOutcome | TransactionOutcome | IdempotencyRecord | undefined;
  if (outcome === undefined) return 'there is no record';
  if ('status' in outcome) return describeRecord(outcome, nowMs);
  if ('kind' in outcome) {
    if (outcome.kind !== 'record-refused') return outcome.kind;
    return describeReply({ applied: false, current: outcome.current }, nowMs);
  }
  if (outcome.applied) return 'applied';
  if (outcome.current === undefined) return 'refused, and there is no record';
  return `refused by ${describeRecord(outcome.current, nowMs)}`;
}

/** Owner tokens begin with the number of their send. */
function describeRecord({ status, owner, attempt, leaseEndsAtMs }: IdempotencyRecord, nowMs: number): string {
  const left = leaseEndsAtMs - nowMs;
  const lease = left > 0 ? `, lease for ${left} ms more` : `, lease over for ${-left} ms`;
  return `${status} of send ${owner.split('.')[0]}, attempt ${attempt}${status === 'INPROGRESS' ? lease : ''}`;
}

/** The odds of a store request's fate, once something may go wrong at all. */
const FATES = ['delivered', 'refused', 'reply lost', 'delayed'] as const;
const FATE_WEIGHTS = [5, 1, 2, 1];

/**
 * As the AWS SDK does it: what brought no reply is sent again, until the tries are used up. A delayed request counts
 * as lost, and is applied whenever the network pleases, long after its sender has ended, too.
 */
export function simulatedClient(world: World, sender: Sender): TransactionalStore {
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
      // A renewal goes on beside the work: what it finds may come too late for the answer, which does not wait for it.
      if (fate === 'delivered' && operation !== 'renew') checker.looked(sender);
      const holdsLock = world.table.records.some(
        ({ status, owner }) => status === 'INPROGRESS' && sender.owners.has(owner),
      );
      if (operation !== 'read') sender.holdsLock = holdsLock;
      if (fate === 'reply lost') continue;
      await scheduler.step(sender.number, `reply to ${operation}`);
      // Of a lock that came into being later, it knows only what it is told.
      if (operation === 'read') sender.holdsLock = holdsLock;
      sender.learn(outcome);
      sender.note(() => `  reply: ${describeReply(outcome, scheduler.nowMs)}`);
      return outcome;
    }
    sender.learn('gave up');
    sender.note(() => `  gives up the ${operation}`);
    throw new StoreError(`No reply to ${operation}.`);
  }

  async function apply(operation: StoreOperation, proceed: () => Promise<unknown>): Promise<unknown> {
    const before = world.table.records;
    const outcome = await proceed();
    checker.applied(sender, operation, before, world.table.records);
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
