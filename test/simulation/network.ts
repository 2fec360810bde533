/** What lies between an invocation and a table: requests that are refused, delayed, or whose reply is lost. */
import type { Sender } from './invocation.ts';
import { NETWORK } from './scheduler.ts';
import type { StoreOperation, World } from './world.ts';

export interface Request {
  /** On behalf of which operation of the port it is sent. */
  readonly operation: StoreOperation;
  readonly label: string;
  readonly isTransaction: boolean;
  /** Applies it, at once; what it throws is a reply, too. */
  readonly proceed: () => Promise<unknown>;
  /** The reply where another transaction is at one of its items. Throws it, or returns it. */
  readonly conflict: () => unknown;
  /** Whether the reply tells of the record itself. Default: yes. */
  readonly isAboutRecord?: boolean;
}

/** The odds of a request's fate, once something may go wrong at all. */
const FATES = ['delivered', 'refused', 'reply lost', 'delayed', 'conflicts'] as const;
const FATE_WEIGHTS = [5, 1, 2, 1, 0];
const TRANSACTION_FATE_WEIGHTS = [5, 1, 2, 1, 1];

export class NoReplyError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * As the AWS SDK does it: what brought no reply is sent again, until the tries are used up. A delayed request counts
 * as lost, and is applied whenever the network pleases, long after its sender has ended, too.
 * @throws NoReplyError in the end; or what the request was answered with, if that is an error
 */
export async function exchange(world: World, sender: Sender, request: Request): Promise<unknown> {
  const { scheduler, checker, choices, bounds } = world;
  const { operation, label, isTransaction, isAboutRecord = true } = request;
  const weights = isTransaction && bounds.contention ? TRANSACTION_FATE_WEIGHTS : FATE_WEIGHTS;

  for (let tries = 0; tries < bounds.tries; tries += 1) {
    await scheduler.step(sender.number, label);
    const fate = FATES[choices.pick(world.faultsLeft > 0 ? weights : [1])];
    if (fate !== 'delivered') world.faultsLeft -= 1;
    sender.note(() => `${label} ${fate}`);
    if (fate === 'refused') continue;
    if (fate === 'delayed') {
      deliverLater();
      continue;
    }
    if (fate === 'conflicts') {
      await scheduler.step(sender.number, `reply to ${label}`);
      return request.conflict();
    }
    const reply = await apply();
    // A renewal goes on beside the work: what it finds may come too late for the answer, which does not wait for it.
    if (fate === 'delivered' && operation !== 'renew' && isAboutRecord) checker.answers.looked(sender);
    const holdsLock = world.table.records.some(
      ({ status, owner }) => status === 'INPROGRESS' && sender.owners.has(owner),
    );
    if (operation !== 'read') sender.holdsLock = holdsLock;
    if (fate === 'reply lost') continue;
    await scheduler.step(sender.number, `reply to ${label}`);
    // Of a lock that came into being later, it knows only what it is told.
    if (operation === 'read') sender.holdsLock = holdsLock;
    return reply();
  }
  sender.learn('gave up');
  sender.note(() => `  gives up the ${label}`);
  throw new NoReplyError(`No reply to ${label}.`);

  /** Gives the reply as a function, which throws it if it is an error. */
  async function apply(): Promise<() => unknown> {
    const before = world.table.records;
    const reply = await request.proceed().then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    checker.writes.applied(sender, operation, before, world.table.records);
    return reply;
  }

  function deliverLater(): void {
    void scheduler
      .step(NETWORK, `late ${label} of send ${sender.number}`)
      .then(apply)
      .then(() => world.tell(sender.number, `late ${label} arrives`));
  }
}
