import { expect, test } from '@jest/globals';
import type { IdempotencyStore } from '../../../lib/stores/idempotency-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { isTransactional } from '../../../lib/stores/transactional-store.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';

const through = (store: IdempotencyStore) => interceptedStore(store, (_, proceed) => proceed());
const whole = interceptedStore(new MemoryStore(), (_, proceed) => proceed());

test('a store with every method of transactions is transactional', () => {
  expect(isTransactional(whole)).toBe(true);
});

test('a store without any is not made one by being looked through', () => {
  const { prepareWrites, completeWith, putCompleted, write, ...port } = whole;
  expect(isTransactional(through(port as IdempotencyStore))).toBe(false);
});

test('what a store promises goes with it, and what it does not is not there', () => {
  const { promises, ...silent } = whole;
  expect(through(silent)).not.toHaveProperty('promises');
  const less = { onUncertain: ['retry'], renewsLeases: false } as unknown as IdempotencyStore['promises'];
  expect(through({ ...silent, promises: less } as IdempotencyStore).promises).toBe(less);
});

test.each(['prepareWrites', 'completeWith', 'putCompleted', 'write'])('a store without %s is not', (name) => {
  expect(isTransactional({ ...whole, [name]: undefined } as IdempotencyStore)).toBe(false);
});
