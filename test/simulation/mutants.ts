/**
 * The protocol, broken on purpose: one mutant at least for each promise, so that it is known that the checker sees.
 * A mutant changes what the library is told or what it does to its store; the library's code stays as it is.
 */
import type { IdempotencyRecord, IdempotencyStore, ProtocolOptions, WriteOutcome } from '../../lib/index.ts';
import type { Invariant } from './checker.ts';
import type { Sender } from './invocation.ts';
import type { World } from './world.ts';

export interface Mutant {
  readonly name: string;
  /** Any one of these is what the checker may say of it. */
  readonly breaks: readonly Invariant[];
  readonly store?: (table: IdempotencyStore, sender: Sender, world: World) => IdempotencyStore;
  readonly options?: Omit<ProtocolOptions, 'store'>;
  /** By how much it believes its deadline to be later than it is, in milliseconds. */
  readonly imaginesMs?: number;
  /** Throws where the handler says that it does not know. */
  readonly takesDoubtForFailure?: true;
}

/** A store that differs from `table` in what `changes` names. */
function withChanges(table: IdempotencyStore, changes: Partial<IdempotencyStore>): IdempotencyStore {
  const { acquire, takeOver, complete, release, read, maxResultBytes } = table;
  return { acquire, takeOver, complete, release, read, maxResultBytes, ...changes };
}

/** A store that shows the record it lost to as `seen` makes of it. */
function seenAs(
  table: IdempotencyStore,
  seen: (record: IdempotencyRecord) => IdempotencyRecord | undefined,
): IdempotencyStore {
  const shown = (outcome: WriteOutcome): WriteOutcome =>
    outcome.applied || outcome.current === undefined
      ? outcome
      : { applied: false, current: seen(outcome.current) };
  return withChanges(table, {
    acquire: async (record, now) => shown(await table.acquire(record, now)),
    takeOver: async (record, lapsed) => shown(await table.takeOver(record, lapsed)),
    complete: async (ownership, completion) => shown(await table.complete(ownership, completion)),
    release: async (ownership) => shown(await table.release(ownership)),
  });
}

/** Whatever is there, as if `sender` owned it. */
async function currentOwner(table: IdempotencyStore, id: string, owner: string): Promise<string> {
  return (await table.read(id))?.owner ?? owner;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'reads, decides and then puts',
    breaks: ['one live lease', 'only the owner writes', 'no record, no run', 'no key is stuck'],
    store: (table, sender, world) =>
      withChanges(table, {
        acquire: async (record, now) => {
          const current = await table.read(record.id);
          if (current !== undefined) return { applied: false, current };
          await world.scheduler.step(sender.number, 'put after the read');
          const outcome = await table.acquire(record, now);
          if (outcome.applied || outcome.current === undefined) return outcome;
          await table.takeOver(record, outcome.current);
          return { applied: true };
        },
      }),
  },
  {
    name: 'takes over without looking at the lease',
    breaks: ['one live lease'],
    store: (table, sender) =>
      withChanges(
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
  { name: 'leaves out the margin for clocks', breaks: ['one live lease'], options: { clockSkewMs: 0 } },
  {
    name: 'completes whoever owns the record',
    breaks: ['only the owner writes', 'completed is final'],
    store: (table) =>
      withChanges(table, {
        complete: async ({ id, owner }, completion) =>
          table.complete({ id, owner: await currentOwner(table, id, owner) }, completion),
      }),
  },
  {
    name: 'gives back whoever owns the record',
    breaks: ['only the owner writes'],
    store: (table) =>
      withChanges(table, {
        release: async ({ id, owner }) => table.release({ id, owner: await currentOwner(table, id, owner) }),
      }),
  },
  {
    name: 'deletes the lock that refused it, as Powertools 2.35.0 does',
    breaks: ['only the owner writes'],
    store: (table) =>
      withChanges(table, {
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
    store: (_table, _sender, { table }) =>
      withChanges(table, {
        acquire: async (record, now) => {
          const current = await table.read(record.id);
          if (current?.status === 'COMPLETED') table.delete(record.id);
          return table.acquire(record, now);
        },
      }),
  },
  {
    name: 'runs although it holds no lock',
    breaks: ['no record, no run', 'one live lease', 'completed is final'],
    store: (table) =>
      withChanges(table, {
        acquire: async (record, now) => {
          await table.acquire(record, now);
          return { applied: true };
        },
      }),
  },
  {
    name: 'runs although the store cannot be reached',
    breaks: ['no record, no run', 'one live lease', 'completed is final'],
    options: { onStoreUnavailable: 'run-unguarded', onUncertain: 'retry' },
  },
  {
    name: 'takes its own lock for a stranger’s',
    breaks: ['a lost reply is no conflict', 'no key is stuck'],
    store: (table) => seenAs(table, (record) => ({ ...record, owner: 'somebody' })),
  },
  {
    name: 'does not compare payloads',
    breaks: ['one payload a key'],
    store: (table) => {
      let own = '';
      const seen = seenAs(table, (record) => ({ ...record, fingerprint: own }));
      return withChanges(seen, {
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
      withChanges(table, {
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
      withChanges(table, { takeOver: (record, lapsed) => table.takeOver({ ...record, attempt: 1 }, lapsed) }),
  },
  {
    name: 'gives back what is in doubt, and runs it again',
    breaks: ['effects are bounded'],
    takesDoubtForFailure: true,
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
];
