import { columns } from '../columns.ts';
import type { DescribedItem, DescribedRecord, RecordState } from './described-item.ts';
import { fromNow } from './from-now.ts';

const MEANINGS: Readonly<Record<RecordState, string>> = {
  'in-progress': 'an attempt holds the key',
  uncertain: 'the lease is over: the attempt may have taken effect or not',
  suspended: 'given back: the next attempt runs at once',
  completed: 'the key is consumed: retries get the result',
  expired: 'counts as absent; TTL will delete it',
};

/** An item as lines of names and values. */
export function itemText(item: DescribedItem, nowMs: number): string {
  switch (item.kind) {
    case 'record':
      return columns(recordRows(item, nowMs));
    case 'chunk':
      return columns([
        ['id', item.id],
        ['is', 'a chunk of the result of another record'],
        ['record', item.recordId],
        ['owner', item.owner],
        ['expires', moment(item.expiresAt, nowMs)],
      ]);
    case 'lock':
      return columns([
        ['id', item.id],
        ['is', 'a lock'],
        ['permits', String(item.permits)],
        ['fencing', `${item.fencingToken}, the last number that was given out`],
        ...item.holders.map(({ fencingToken, leaseEndsAt }) => [
          'held',
          `under ${fencingToken}, until ${moment(leaseEndsAt, nowMs)}`,
        ]),
        ['waiting', String(item.waiting)],
        ['expires', moment(item.expiresAt, nowMs)],
      ]);
    case 'unknown':
      return columns([
        ['id', item.id],
        ['is', 'nothing that this library knows'],
        ['has', item.attributes.join(', ')],
      ]);
  }
}

function recordRows(record: DescribedRecord, nowMs: number): string[][] {
  return [
    ['id', record.id],
    ['state', `${record.state}: ${MEANINGS[record.state]}`],
    ['attempt', record.attempt === undefined ? 'not numbered' : String(record.attempt)],
    ['owner', record.owner ?? 'none: written by Powertools for AWS Lambda'],
    ['lease ends', record.state === 'suspended' ? 'given back' : moment(record.leaseEndsAt, nowMs)],
    ['expires', moment(record.expiresAt, nowMs)],
    ['payload', record.fingerprint === undefined ? 'not compared' : `fingerprint ${record.fingerprint}`],
    ...(record.steps.length === 0 ? [] : [['steps', record.steps.join(', ')]]),
    ...(record.result === undefined ? [] : [['result', record.result]]),
    ['form', record.writtenBy === 'powertools' ? 'that of Powertools for AWS Lambda' : 'of this library'],
  ];
}

function moment(iso: string | undefined, nowMs: number): string {
  return iso === undefined ? 'not said' : `${iso}, ${fromNow(Date.parse(iso), nowMs)}`;
}
