import type { TransactionalStore } from '../../lib/index.ts';
import { interceptedStore } from '../support/intercepted-store.ts';
import { describeReply } from './described-reply.ts';
import type { Sender } from './invocation.ts';
import type { World } from './world.ts';

/** `store` as the world's mutant makes it, if there is one; what it says to `sender` goes into the time line. */
export function notedStore(store: TransactionalStore, world: World, sender: Sender): TransactionalStore {
  const broken = world.mutant?.store?.(store, sender, world) ?? store;
  return interceptedStore(broken, async (_operation, proceed) => {
    const reply = await proceed();
    sender.note(() => `  ${describeReply(reply, world.scheduler.nowMs)}`);
    return reply;
  });
}
