import { expect, test } from '@jest/globals';
import { keyLife } from '../../../lib/local/playground/page/key-life.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

function item(status: string, leaseEndsAtMs: number, expiresAtMs = NOW_MS + 86_400_000) {
  return {
    id: { S: 'add-to-cart#hash' },
    status: { S: status },
    attempt: { N: '2' },
    in_progress_expiration: { N: String(leaseEndsAtMs) },
    expiration: { N: String(expiresAtMs / 1000) },
  };
}

test.each([
  ['no record', null, { state: 'absent' }],
  ['a record that nobody has looked at yet', undefined, { state: 'absent' }],
  [
    'a lock whose lease runs',
    item('INPROGRESS', NOW_MS + 1_500),
    { state: 'in-progress', attempt: 2, leaseRemainingMs: 1_500 },
  ],
  ['a lock whose lease is over', item('INPROGRESS', NOW_MS), { state: 'lapsed', attempt: 2 }],
  [
    'a result',
    item('COMPLETED', NOW_MS - 1),
    { state: 'completed', attempt: 2, expiresAtMs: NOW_MS + 86_400_000 },
  ],
  [
    'a result past its retention, which the table still has',
    item('COMPLETED', 0, NOW_MS),
    { state: 'absent' },
  ],
])('%s', (_what, record, expected) => {
  expect(keyLife(record, NOW_MS)).toEqual(expected);
});
