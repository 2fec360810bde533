/** What a store has said, in the words of the time line. */
import type { IdempotencyRecord, TransactionOutcome, WriteOutcome } from '../../lib/index.ts';

/** The outcome of a write, or the record that was read. */
export function describeReply(reply: unknown, nowMs: number): string {
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
