import { describe, expect, test } from '@jest/globals';
import { cartIdsOf, type Run, recordIdsOf, withEvent } from '../../../lib/local/playground/page/run.ts';
import { eventsOf, run as runOnce } from './run-script.ts';

const EMPTY: Run = {
  id: 'r',
  title: 'Add once',
  isOwn: true,
  keys: ['k'],
  cartId: 'own-cart',
  startedAtMs: 0,
  events: [],
  isOver: false,
};

const events = eventsOf(runOnce(0, 1, 10));

describe('a run', () => {
  test('has its events in the order of time, however late they come', () => {
    const shuffled = [...events].reverse();
    const run = shuffled.reduce(withEvent, EMPTY);
    const times = run.events.map((event) =>
      event.source === 'server' ? event.observation.atMs : event.atMs,
    );
    expect(run.events).toHaveLength(events.length);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('has an event once that the stream tells again after a reconnection', () => {
    expect([...events, ...events].reduce(withEvent, EMPTY).events).toEqual(events);
  });

  test('is bounded', () => {
    const many = eventsOf(
      Array.from({ length: 2_000 }, (_, at) => [at, 'client', { type: 'no-connection' }]),
    );
    expect(many.reduce(withEvent, EMPTY).events).toHaveLength(500);
  });

  test('knows its records and carts from what was asked of the tables', () => {
    const run = events.reduce(withEvent, EMPTY);
    expect(recordIdsOf(run)).toEqual(['idempotency-item']);
    expect(cartIdsOf(run)).toEqual(['own-cart', 'cart-item']);
    expect(cartIdsOf({ ...run, cartId: undefined })).toEqual(['cart-item']);
  });
});
