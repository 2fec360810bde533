/**
 * The protocol, broken on purpose: one mutant at least for each promise, so that it is known that the checker sees.
 * A mutant changes what the library is told or what it does to its store; the library's code stays as it is.
 */
import {
  type AttributeValue,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type {
  IdempotencyRecord,
  ProtocolOptions,
  TransactionalStore,
  WriteOutcome,
} from '../../lib/index.ts';
import type { SharedOptions } from '../../lib/powertools/index.ts';
import { changedStore } from '../support/intercepted-store.ts';
import type { Invariant } from './checker/promises.ts';
import type { Request } from './dynamodb/simulated-dynamodb.ts';
import type { Sender } from './invocation.ts';
import type { WhenUncertain, World } from './world.ts';

type Send = (request: Request) => Promise<unknown>;

export interface Mutant {
  readonly name: string;
  /** Any one of these is what the checker may say of it. */
  readonly breaks: readonly Invariant[];
  readonly store?: (table: TransactionalStore, sender: Sender, world: World) => TransactionalStore;
  /** The requests that the library's DynamoDbStore sends. */
  readonly send?: (send: Send, sender: Sender, world: World) => Send;
  /** The scripts that the library sends to Valkey. */
  readonly script?: (script: string) => string;
  readonly options?: Omit<ProtocolOptions, 'store'>;
  /** It shows where doubt is met in this way alone. */
  readonly onUncertain?: WhenUncertain;
  /** By how much it believes its deadline to be later than it is, in milliseconds. */
  readonly imaginesMs?: number;
  /** By what a function that has moved from Powertools knows its records. */
  readonly identityWhenMoved?: (identity: SharedOptions['identity']) => SharedOptions['identity'];
  /** In whose database a row goes that belongs into that of its home. */
  readonly home?: 'its own server' | 'its own server, recorded afterwards';
  /** Throws where the handler says that it does not know. */
  readonly takesDoubtForFailure?: true;
}

/** A store that shows the record it lost to as `seen` makes of it. */
function seenAs(
  table: TransactionalStore,
  seen: (record: IdempotencyRecord) => IdempotencyRecord | undefined,
): TransactionalStore {
  const shown = <T extends WriteOutcome>(outcome: T): T | Extract<WriteOutcome, { applied: false }> =>
    outcome.applied || outcome.current === undefined
      ? outcome
      : { applied: false, current: seen(outcome.current) };
  return changedStore(table, {
    acquire: async (record, now) => shown(await table.acquire(record, now)),
    takeOver: async (record, lapsed) => shown(await table.takeOver(record, lapsed)),
    complete: async (ownership, completion) => shown(await table.complete(ownership, completion)),
    release: async (ownership) => shown(await table.release(ownership)),
  });
}

/** Whatever is there, as if `sender` owned it. */
async function currentOwner(table: TransactionalStore, id: string, owner: string): Promise<string> {
  return (await table.read(id))?.owner ?? owner;
}

function isChunkPut(request: Request): boolean {
  return request instanceof PutItemCommand && request.input.Item?.['id']?.S?.includes(CHUNK) === true;
}

const CHUNK = '#chunk#';

function withoutOwnerInChunkIds(request: Request): Request {
  const shared = (item: Record<string, AttributeValue> | undefined) => {
    const id = item?.['id']?.S;
    return id?.includes(CHUNK) ? { ...item, id: { S: id.replace(/#chunk#.*#/, CHUNK) } } : item;
  };
  if (request instanceof PutItemCommand) {
    return new PutItemCommand({ ...request.input, Item: shared(request.input.Item) });
  }
  if (request instanceof GetItemCommand) {
    return new GetItemCommand({ ...request.input, Key: shared(request.input.Key) });
  }
  return request;
}

/** A completion or a release, of whoever holds the lock. */
function ofAnyOwner(request: Request): Request {
  const whoever = { ConditionExpression: '#status = :inProgress' };
  if (request instanceof DeleteItemCommand) return new DeleteItemCommand({ ...request.input, ...whoever });
  const isCompletion =
    request instanceof UpdateItemCommand && request.input.UpdateExpression?.includes(':completed');
  return isCompletion ? new UpdateItemCommand({ ...request.input, ...whoever }) : request;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'reads, decides and then puts',
    breaks: ['one live lease', 'no record, no run', 'completed is final', 'only the owner writes'],
    store: (table, sender, world) =>
      changedStore(table, {
        acquire: async (record, now) => {
          const current = await table.read(record.id);
          if (current !== undefined && current.expiresAtSeconds >= now) return { applied: false, current };
          await world.scheduler.step(sender.number, 'put after the read');
          world.table.delete(record.id);
          return table.acquire(record, now);
        },
      }),
  },
  {
    name: 'takes over without looking at the lease',
    breaks: ['one live lease'],
    store: (table, sender) =>
      changedStore(
        seenAs(table, (record) =>
          sender.owners.has(record.owner) ? record : { ...record, leaseEndsAtMs: 0 },
        ),
        {
          takeOver: async (record, lapsed) => {
            const current = await table.read(lapsed.id);
            return table.takeOver(record, { ...lapsed, leaseEndsAtMs: current?.leaseEndsAtMs ?? 0 });
          },
        },
      ),
  },
  {
    name: 'leaves out the margin for clocks',
    breaks: ['one live lease', 'no record, no run'],
    options: { clockSkewMs: 0 },
  },
  {
    name: 'completes whoever owns the record',
    breaks: ['only the owner writes', 'completed is final'],
    store: (table) =>
      changedStore(table, {
        complete: async ({ id, owner }, completion) =>
          table.complete({ id, owner: await currentOwner(table, id, owner) }, completion),
      }),
  },
  {
    name: 'gives back whoever owns the record',
    breaks: ['only the owner writes'],
    store: (table) =>
      changedStore(table, {
        release: async ({ id, owner }) => table.release({ id, owner: await currentOwner(table, id, owner) }),
      }),
  },
  {
    name: 'deletes the lock that refused it, as Powertools 2.35.0 does',
    breaks: ['only the owner writes'],
    store: (table) =>
      changedStore(table, {
        acquire: async (record, now) => {
          const outcome = await table.acquire(record, now);
          if (!outcome.applied && outcome.current !== undefined) await table.release(outcome.current);
          return outcome;
        },
      }),
  },
  {
    name: 'acquires over a completed record',
    breaks: ['completed is final'],
    store: (table, _sender, world) =>
      changedStore(table, {
        acquire: async (record, now) => {
          const current = await table.read(record.id);
          if (current?.status === 'COMPLETED') world.table.delete(record.id);
          return table.acquire(record, now);
        },
      }),
  },
  {
    name: 'runs although it holds no lock',
    breaks: ['no record, no run', 'one live lease', 'completed is final'],
    store: (table) =>
      changedStore(table, {
        acquire: async (record, now) => {
          await table.acquire(record, now);
          return { applied: true };
        },
      }),
  },
  {
    name: 'runs although the store cannot be reached',
    breaks: ['no record, no run', 'one live lease', 'completed is final', 'effects are bounded'],
    options: { onStoreUnavailable: 'run-unguarded', onUncertain: 'retry' },
  },
  {
    name: 'takes its own lock for a stranger’s',
    breaks: ['a lost reply is no conflict'],
    store: (table, sender) =>
      seenAs(table, (record) =>
        sender.owners.has(record.owner) ? { ...record, owner: 'somebody' } : record,
      ),
  },
  {
    name: 'does not compare payloads',
    breaks: ['one payload a key'],
    store: (table) => {
      let own = '';
      const seen = seenAs(table, (record) => ({ ...record, fingerprint: own }));
      return changedStore(seen, {
        acquire: (record, now) => {
          own = record.fingerprint;
          return seen.acquire(record, now);
        },
      });
    },
  },
  {
    name: 'answers with its own result after it has lost the lease',
    breaks: ['answers agree with the record'],
    store: (table) =>
      changedStore(table, {
        complete: async (ownership, completion) => {
          await table.complete(ownership, completion);
          return { applied: true };
        },
      }),
  },
  {
    name: 'takes over without counting',
    breaks: ['attempts grow'],
    store: (table) =>
      changedStore(table, {
        takeOver: (record, lapsed) => table.takeOver({ ...record, attempt: 1 }, lapsed),
      }),
  },
  {
    name: 'gives back what is in doubt, and runs it again',
    breaks: ['effects are bounded'],
    takesDoubtForFailure: true,
  },
  {
    name: 'replays what has expired',
    breaks: ['expired counts as absent'],
    store: (table) => {
      const seen = seenAs(table, (record) => ({ ...record, expiresAtSeconds: Number.MAX_SAFE_INTEGER }));
      return changedStore(seen, { acquire: (record) => seen.acquire(record, 0) });
    },
  },
  {
    name: 'waits as if it had more time than it has',
    breaks: ['a wait ends in time'],
    imaginesMs: 1_000,
  },
  {
    name: 'never takes a lapsed lease over',
    breaks: ['no key is stuck'],
    store: (table) => seenAs(table, (record) => ({ ...record, leaseEndsAtMs: Number.MAX_SAFE_INTEGER })),
  },
  {
    name: 'renews whatever lease there is',
    breaks: ['only the owner writes'],
    store: (table) =>
      changedStore(table, {
        renew: async (lease, nextLeaseEndsAtMs) => {
          const current = await table.read(lease.id);
          return table.renew(current ?? lease, nextLeaseEndsAtMs);
        },
      }),
  },
  {
    name: 'deletes the record of a later attempt',
    breaks: ['attempts grow', 'a recorded step is final'],
    store: (table) =>
      changedStore(table, {
        renew: (lease, nextLeaseEndsAtMs) =>
          nextLeaseEndsAtMs === 0 ? table.release(lease) : table.renew(lease, nextLeaseEndsAtMs),
      }),
  },
  {
    name: 'writes rows before it asks for the record',
    breaks: ['rows and record agree'],
    store: (table, sender) =>
      changedStore(table, {
        completeWith: async (ownership, completion, writes) => {
          await table.write(writes, `${sender.number} ${writes.length}`);
          const outcome = await table.complete(ownership, completion);
          return outcome.applied ? { kind: 'applied' } : { kind: 'record-refused', current: outcome.current };
        },
      }),
  },
  {
    name: 'consumes the key although a condition of the writes does not hold',
    breaks: ['rows and record agree', 'answers agree with the record'],
    store: (table) =>
      changedStore(table, {
        completeWith: async (ownership, completion, writes) => {
          const outcome = await table.completeWith(ownership, completion, writes);
          if (outcome.kind === 'condition-failed') await table.complete(ownership, completion);
          return outcome;
        },
      }),
  },
  {
    name: 'writes chunks when the key is consumed',
    breaks: ['a long answer is whole'],
    send: (send) => {
      const held: Request[] = [];
      return async (request) => {
        if (isChunkPut(request)) {
          held.push(request);
          return {};
        }
        const reply = await send(request);
        while (held[0] !== undefined) await send(held.shift() as Request);
        return reply;
      };
    },
  },
  {
    name: 'names chunks by their record alone',
    breaks: ['a long answer is whole'],
    send: (send) => (request) => send(withoutOwnerInChunkIds(request)),
  },
  {
    name: 'puts a completed record without a look at the one that is there',
    breaks: ['completed is final', 'only the owner writes', 'rows and record agree'],
    store: (table, _sender, world) =>
      changedStore(table, {
        putCompleted: (record, nowSeconds, writes) => {
          world.table.delete(record.id);
          return table.putCompleted(record, nowSeconds, writes);
        },
      }),
  },
  {
    name: 'takes over without the steps',
    breaks: ['a recorded step is final'],
    store: (table) =>
      changedStore(table, {
        takeOver: async (record, lapsed) => {
          const outcome = await table.takeOver(record, lapsed);
          return outcome.applied ? { applied: true, record } : outcome;
        },
      }),
  },
  {
    name: 'lets each server write to its own database',
    breaks: ['one home an operation', 'effects are bounded'],
    home: 'its own server',
  },
  {
    name: 'records the home of an operation after its row',
    breaks: ['one home an operation', 'effects are bounded'],
    home: 'its own server, recorded afterwards',
  },
  {
    name: 'takes a lease over in Valkey on the word of the caller’s clock',
    breaks: ['one live lease', 'no record, no run'],
    script: (script) => script.replace(/^if now_ms\(\) < .*$/m, ''),
  },
  {
    name: 'keeps a result in Valkey for a second',
    breaks: ['completed is final'],
    script: (script) =>
      script.includes('HDEL') ? script.replace("'PEXPIRE', key, ARGV[2]", "'PEXPIRE', key, 1000") : script,
  },
  {
    name: 'acquires over what Valkey has',
    breaks: ['only the owner writes', 'completed is final'],
    script: (script) => script.replace(/^if redis.call\('EXISTS'.*$/m, ''),
  },
  {
    name: 'writes to a table that it shares with Powertools without looking at the owner',
    breaks: ['only the owner writes', 'completed is final'],
    send: (send, _sender, { front }) =>
      front === 'beside Powertools' ? (request) => send(ofAnyOwner(request)) : send,
  },
  {
    name: 'gives a function that has moved from Powertools records of its own',
    breaks: ['one live lease', 'effects are bounded', 'completed is final'],
    identityWhenMoved: (identity) => async (event) => {
      const found = await identity(event);
      return found && { ...found, id: `moved#${found.id}` };
    },
  },
  {
    name: 'runs again whatever it is told to find out',
    breaks: ['effects are bounded'],
    options: { onUncertain: () => ({ outcome: 'run' }) },
    onUncertain: 'find out',
  },
];
