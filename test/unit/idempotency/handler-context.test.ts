import { describe, expect, test } from '@jest/globals';
import { idempotencyContext, withIdempotency } from '../../../lib/idempotency/handler-context.ts';
import type { StepFunction } from '../../../lib/idempotency/steps.ts';

const commit = () => {};
const step: StepFunction = async (_name, fn) => fn();
const attempt = idempotencyContext({
  guarded: true,
  attempt: 1,
  lease: { endsAtMs: 1, signal: new AbortController().signal },
  seed: 'orders#hash',
  step,
  commit,
});

describe('the context that a handler gets', () => {
  test.each([
    ['an object', { awsRequestId: 'r1' }],
    ['an object without a prototype', Object.assign(Object.create(null), { awsRequestId: 'r1' })],
  ])('is a copy of %s, for the original may be shared by several invocations', (_, original) => {
    const context = withIdempotency(original, attempt);
    expect(context).toMatchObject({ awsRequestId: 'r1', idempotency: attempt });
    expect(Object.getPrototypeOf(context)).toBe(Object.getPrototypeOf(original));
    expect(original).not.toHaveProperty('idempotency');
  });

  test('is the instance itself where the context has a class, so that its methods still work', () => {
    class Invocation {
      readonly #deadlineMs = 3000;
      getRemainingTimeInMillis() {
        return this.#deadlineMs;
      }
    }
    const original = new Invocation();
    const context = withIdempotency(original, attempt);
    expect(context).toBe(original);
    expect(context.getRemainingTimeInMillis()).toBe(3000);
    expect(context.idempotency).toBe(attempt);
  });

  test('keeps the accessors of Lambda’s context working', () => {
    let waits = true;
    const original = {
      get callbackWaitsForEmptyEventLoop() {
        return waits;
      },
      set callbackWaitsForEmptyEventLoop(value: boolean) {
        waits = value;
      },
    };
    withIdempotency(original, attempt).callbackWaitsForEmptyEventLoop = false;
    expect(waits).toBe(false);
  });

  test.each([
    ['that cannot be changed', { value: 'v', writable: false, enumerable: true, configurable: true }],
    ['that no loop shows', { value: 'v', writable: true, enumerable: false, configurable: true }],
    ['that cannot be removed', { value: 'v', writable: true, enumerable: true, configurable: false }],
  ])('has a member %s as it is', (_, descriptor) => {
    const original = Object.defineProperty({}, 'member', descriptor);
    const context = withIdempotency(original, attempt);
    expect(Object.getOwnPropertyDescriptor(context, 'member')).toEqual(descriptor);
  });

  test('has what JSON can call a member, and symbols, too', () => {
    const trace = Symbol('trace');
    const original = Object.assign(JSON.parse('{"__proto__": {"isAdmin": true}, "toString": 1}'), {
      [trace]: 't',
    });
    const context = withIdempotency(original, attempt);
    expect(Object.getPrototypeOf(context)).toBe(Object.prototype);
    expect('isAdmin' in context).toBe(false);
    expect(Object.keys(context)).toEqual(['__proto__', 'toString', 'idempotency']);
    expect(context[trace]).toBe('t');
  });

  test('can be given another attempt, as where two guards are nested', () => {
    class Invocation {}
    const inner = idempotencyContext({
      guarded: true,
      attempt: 2,
      lease: { endsAtMs: 1, signal: new AbortController().signal },
      seed: 'orders#other',
      step,
      commit,
    });
    const context = withIdempotency(withIdempotency(new Invocation(), attempt), inner);
    expect(context.idempotency).toBe(inner);
    expect(Object.keys(context)).toContain('idempotency');
  });
});

test('without a lock there is one signal, which nothing aborts, and no end of a lease', () => {
  const unguarded = idempotencyContext({ guarded: false, attempt: 1, seed: 'random', step, commit });
  const { signal } = unguarded;
  expect(signal.aborted).toBe(false);
  expect(unguarded.signal).toBe(signal);
  expect(unguarded.leaseEndsAtMs).toBeUndefined();
});

describe('derived keys', () => {
  test('do not change from one release to the next, or a retry over a deployment would charge twice', () => {
    expect(attempt.deriveKey('charge')).toBe('0028d67b-8947-8e13-8062-4cf2050c11c2');
  });
});
