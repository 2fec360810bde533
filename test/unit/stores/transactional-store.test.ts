import { expect, test } from '@jest/globals';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { isTransactional } from '../../../lib/stores/transactional-store.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';

const whole = interceptedStore(new MemoryStore(), (_, proceed) => proceed());

test('a store with every method of transactions is transactional', () => {
  expect(isTransactional(whole)).toBe(true);
});

test.each(['prepareWrites', 'completeWith', 'putCompleted', 'write'])('a store without %s is not', (name) => {
  expect(isTransactional({ ...whole, [name]: undefined } as IdempotencyStore)).toBe(false);
});
