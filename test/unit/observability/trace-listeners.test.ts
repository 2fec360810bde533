import { expect, jest, test } from '@jest/globals';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import { listeners, spanListener, tracerListener } from '../../../lib/observability/index.ts';
import { EVERY_EVENT } from './every-event.ts';

type Value = string | number | boolean;

function annotated(...events: readonly IdempotencyEvent[]): Record<string, Value> {
  const annotations: Record<string, Value> = {};
  const listener = tracerListener({
    putAnnotation: (key, value) => {
      annotations[key] = value;
    },
  });
  for (const event of events) listener(event);
  return annotations;
}

const id = 'orders#3f9ac0de';

test('a request that runs and completes is annotated with its admission, its settlement and its attempt', () => {
  expect(annotated(EVERY_EVENT.acquired, EVERY_EVENT['store-call'], EVERY_EVENT.completed)).toEqual({
    idempotency_id: id,
    idempotency_admission: 'acquired',
    idempotency_attempt: 1,
    idempotency_settlement: 'completed',
  });
});

test('a takeover says so', () => {
  const takenOver: IdempotencyEvent = { ...EVERY_EVENT.acquired, attempt: 2, leaseEndedAtMs: 1 };
  expect(annotated(takenOver)).toMatchObject({ idempotency_attempt: 2, idempotency_taken_over: true });
});

test('a duplicate that waited says for how long, and what came of it', () => {
  expect(annotated(EVERY_EVENT.waited, EVERY_EVENT.replayed)).toEqual({
    idempotency_id: id,
    idempotency_waited_ms: 120,
    idempotency_admission: 'replayed',
  });
});

test.each(['replayed', 'in-progress', 'mismatch', 'uncertain', 'unguarded'] as const)(
  'the admission of %s is called so',
  (type) => {
    expect(annotated(EVERY_EVENT[type])['idempotency_admission']).toBe(type);
  },
);

test.each(['completed', 'released', 'suspended', 'in-doubt', 'superseded'] as const)(
  'the settlement of %s is called so',
  (type) => {
    expect(annotated(EVERY_EVENT[type])['idempotency_settlement']).toBe(type);
  },
);

test.each([
  ['claim', 'idempotency_admission'],
  ['complete', 'idempotency_settlement'],
  ['commit', 'idempotency_settlement'],
  ['release', 'idempotency_settlement'],
] as const)('a store that fails during %s is the %s', (during, name) => {
  const failed: IdempotencyEvent = { ...EVERY_EVENT['store-failed'], during };
  expect(annotated(failed)).toEqual({ idempotency_id: id, [name]: 'store-failed' });
});

test('an operation that stays in doubt after its function was asked is blocked', () => {
  expect(annotated(EVERY_EVENT.reconciled)).toEqual({ idempotency_settlement: 'blocked' });
});

test('what happens on the way, and more than once, is left to the log', () => {
  const onTheWay = ['lease-lost', 'condition-failed', 'step-recorded', 'step-skipped', 'renewed'] as const;
  expect(annotated(...onTheWay.map((type) => EVERY_EVENT[type]))).toEqual({});
});

test('a span gets the same, by the names of OpenTelemetry', () => {
  const attributes: Record<string, Value> = {};
  const span = {
    setAttribute: (key: string, value: Value) => {
      attributes[key] = value;
    },
  };
  const listener = spanListener(() => span);
  listener({ ...EVERY_EVENT.acquired, attempt: 2, leaseEndedAtMs: 1 });
  listener(EVERY_EVENT.completed);
  expect(attributes).toEqual({
    'idempotency.id': id,
    'idempotency.admission': 'acquired',
    'idempotency.attempt': 2,
    'idempotency.taken_over': true,
    'idempotency.settlement': 'completed',
  });
});

test('where no span is active, nothing happens', () => {
  expect(() => spanListener(() => undefined)(EVERY_EVENT.acquired)).not.toThrow();
});

test('of several listeners each is told, also behind one that throws', () => {
  const warned = jest.spyOn(console, 'warn').mockImplementation(() => {});
  const told: string[] = [];
  const throwing = () => {
    throw new Error('full');
  };
  listeners(throwing, ({ type }) => told.push(type))(EVERY_EVENT.acquired);
  expect(told).toEqual(['acquired']);
  expect(warned).toHaveBeenCalledTimes(1);
  warned.mockRestore();
});
