import type { IdempotencyRecord } from '../../../lib/index.ts';
import type { Sender } from '../invocation.ts';
import type { StoreOperation } from '../world.ts';
import { type Evidence, nameOf } from './evidence.ts';
import type { RowChecks } from './row-checks.ts';

/** What may become of a record, by whose write, and when TTL may delete it. */
export class WriteChecks {
  readonly #evidence: Evidence;
  readonly #rows: RowChecks;
  readonly #keyOfRecord = new Map<string, string>();
  /** Whose chunks TTL has deleted, one at least: record and owner. */
  readonly #withoutChunks = new Set<string>();

  constructor(evidence: Evidence, rows: RowChecks) {
    this.#evidence = evidence;
    this.#rows = rows;
  }

  /** A write reached the table; with equal records before and after, it was refused. */
  applied(
    sender: Sender,
    operation: StoreOperation,
    before: readonly IdempotencyRecord[],
    after: readonly IdempotencyRecord[],
  ): void {
    const ids = new Set([...before, ...after].map(({ id }) => id));
    for (const id of ids) {
      const old = before.find((record) => record.id === id);
      const current = after.find((record) => record.id === id);
      if (old !== current) this.#changed(sender, operation, old, current);
    }
    this.#rows.applied(sender.key);
  }

  /** TTL has deleted a record that was past its retention, or a chunk. */
  ttlDeleted(id: string): void {
    const [recordId = '', chunk] = id.split('#chunk#');
    const key = this.#keyOfRecord.get(recordId);
    if (chunk === undefined) {
      if (key !== undefined) this.#forgotten(key);
      return;
    }
    const owner = chunk.split('#')[0] ?? '';
    this.#withoutChunks.add(`${recordId} ${owner}`);
    // A chunk may go before there was ever a record.
    const lives = key === undefined ? [] : this.#evidence.lives.of(key);
    for (const life of lives) if (life.completedBy === owner) life.answerIsMissing = true;
  }

  #forgotten(key: string): void {
    const { completedAs, expiresAtSeconds = 0 } = this.#evidence.lives.current(key);
    const { scheduler, clockSkewMs } = this.#evidence.world;
    const earlyByMs = expiresAtSeconds * 1000 - clockSkewMs - scheduler.nowMs;
    if (completedAs !== undefined && earlyByMs > 0) {
      this.#evidence.fail(
        'completed is final',
        `the record of key ${key} is gone ${earlyByMs} ms before its time`,
      );
    }
    this.#evidence.endLife(key);
  }

  #changed(
    sender: Sender,
    operation: StoreOperation,
    before: IdempotencyRecord | undefined,
    after: IdempotencyRecord | undefined,
  ): void {
    const { leases, world } = this.#evidence;
    const latestMs = world.scheduler.nowMs + world.clockSkewMs;
    const expired = before !== undefined && before.expiresAtSeconds < Math.floor(latestMs / 1000);
    const isNew = operation === 'acquire' || operation === 'putCompleted';
    this.#keyOfRecord.set((before ?? after)?.id ?? '', sender.key);
    if (expired && isNew) this.#evidence.endLife(sender.key);
    const freeFromMs = leases.freeFromMs(before?.owner);
    if (after?.status === 'INPROGRESS') leases.note(after, world.table.clocks.mayBeTakenOverFromMs(after));
    if (before?.status === 'COMPLETED' && !expired) {
      this.#evidence.fail('completed is final', `${operation} of send ${sender.number} changes it`);
    }
    if (isNew) {
      if (before !== undefined && !expired) {
        this.#evidence.fail(
          'only the owner writes',
          `${operation} of send ${sender.number} goes over ${nameOf(before)}`,
        );
      }
    } else if (operation === 'takeOver') {
      this.#tookOver(sender, before, after, freeFromMs);
    } else {
      this.#changedByOwner(sender, operation, before, after);
    }
    if (!isNew) this.#checkSteps(sender, operation, before, after);
    if (after?.status === 'COMPLETED') this.#completed(sender, operation, after);
  }

  #completed(sender: Sender, operation: StoreOperation, record: IdempotencyRecord): void {
    const { id, owner, expiresAtSeconds } = record;
    const { table } = this.#evidence.world;
    const life = this.#evidence.lives.current(sender.key);
    life.completedAs = this.#evidence.resultOf(sender);
    life.completedBy = owner;
    life.expiresAtSeconds = expiresAtSeconds;
    life.countsUntilMs = table.clocks.countsUntilMs(record);
    life.soldOut = this.#rows.soldOut(sender, operation);
    const hasLostChunks = this.#withoutChunks.has(`${id} ${owner}`);
    life.answerIsMissing = hasLostChunks || table.isTombstone(id);
    if (table.isBroken(id) && !hasLostChunks) {
      this.#evidence.fail(
        'a long answer is whole',
        `the key is consumed before the answer of send ${sender.number} is there`,
      );
    }
  }

  #tookOver(
    sender: Sender,
    before: IdempotencyRecord | undefined,
    after: IdempotencyRecord | undefined,
    freeFromMs: number,
  ): void {
    if (before === undefined || this.#evidence.world.scheduler.nowMs < freeFromMs) {
      this.#evidence.fail(
        'one live lease',
        `send ${sender.number} takes over ${nameOf(before)} before its lease is over`,
      );
    }
    if (before?.fingerprint !== after?.fingerprint) {
      this.#evidence.fail(
        'one payload a key',
        `send ${sender.number} takes over a record of another payload`,
      );
    }
    if (after?.attempt !== (before?.attempt ?? 0) + 1) {
      this.#evidence.fail('attempts grow', `attempt ${before?.attempt} is followed by ${after?.attempt}`);
    }
  }

  #changedByOwner(
    sender: Sender,
    operation: StoreOperation,
    before: IdempotencyRecord | undefined,
    after: IdempotencyRecord | undefined,
  ): void {
    if (before === undefined || !sender.owners.has(before.owner)) {
      this.#evidence.fail(
        'only the owner writes',
        `${operation} of send ${sender.number} changes ${nameOf(before)}`,
      );
    }
    if (after === undefined && (before?.attempt ?? 1) > 1) {
      this.#evidence.fail(
        'attempts grow',
        `send ${sender.number} deletes the record of attempt ${before?.attempt}`,
      );
    }
    const ends = after?.status !== 'INPROGRESS' || after.leaseEndsAtMs < (before?.leaseEndsAtMs ?? 0);
    const run = this.#evidence.lives.runOf(sender)?.run;
    if (run !== undefined && ends) run.settled = true;
  }

  /** What is recorded stays, until the completion drops it. */
  #checkSteps(
    sender: Sender,
    operation: StoreOperation,
    before: IdempotencyRecord | undefined,
    after: IdempotencyRecord | undefined,
  ): void {
    if (after?.status === 'COMPLETED') return;
    for (const [name, json] of Object.entries(before?.steps ?? {})) {
      if (after?.steps?.[name] !== json) {
        this.#evidence.fail(
          'a recorded step is final',
          `${operation} of send ${sender.number} changes what step ${name} has recorded`,
        );
      }
    }
    const { steps } = this.#evidence.lives.current(sender.key);
    for (const [name, json] of Object.entries(after?.steps ?? {})) steps.set(name, json);
  }
}
