/** Requests of Middy's kind, on which other people's accessors may lie below and above ours. */
import { describe, expect, test } from '@jest/globals';
import {
  answerThrownError,
  type MiddyRequest,
  observeOutcome,
} from '../../../lib/idempotency/middy-outcome.ts';

const newRequest = (): MiddyRequest => ({
  event: {},
  context: {},
  response: undefined,
  error: undefined,
});

function observe(request: MiddyRequest) {
  const ends: string[] = [];
  const outcome = observeOutcome(request, {
    timing: () => ({ mayBeTimeout: false, remainingMs: undefined }),
    handlerEnded: () => ends.push('handler'),
    chainEnded: (answer) => answer,
  });
  return { ends, outcome };
}

/** As a middleware that watches a member of the request, and hands all of it on to what was there. */
function watch(request: MiddyRequest, name: 'response' | 'error') {
  const seen: unknown[] = [];
  const below = Object.getOwnPropertyDescriptor(request, name);
  let own = request[name];
  Object.defineProperty(request, name, {
    enumerable: true,
    configurable: true,
    get: () => (below?.get === undefined ? own : (below.get.call(request) as unknown)),
    set: (value: unknown) => {
      seen.push(value);
      own = value;
      below?.set?.call(request, value);
    },
  });
  return seen;
}

const answered = (answer: unknown) => ({
  kind: 'answered',
  answer,
  mayBeTimeout: false,
  remainingMs: undefined,
});

describe('the outcome of a request', () => {
  test('is read from assignments, which everybody sees as if nothing were there', () => {
    const request = newRequest();
    const { outcome, ends } = observe(request);
    expect(outcome()).toEqual({ kind: 'pending' });
    request.response = 'first';
    request.response = 'changed';
    expect(request.response).toBe('changed');
    expect(outcome()).toEqual(answered('first'));
    expect(ends).toEqual(['handler']);
    expect(Object.keys(request)).toEqual(['event', 'context', 'response', 'error']);
  });

  test('is read of a request that has no such members yet', () => {
    const request = { event: {}, context: {} } as MiddyRequest;
    const { outcome } = observe(request);
    request.response = 'first';
    expect([request.response, request.error]).toEqual(['first', undefined]);
    expect(outcome()).toEqual(answered('first'));
  });

  test('is read beside an accessor that was there before, which sees what is assigned and says what is there', () => {
    const request = newRequest();
    request.response = 'before';
    const seen = watch(request, 'response');
    const { outcome } = observe(request);
    expect(request.response).toBe('before');
    request.response = 'first';
    expect(request.response).toBe('first');
    expect(seen).toEqual(['first']);
    expect(outcome()).toEqual(answered('first'));
  });

  test('leaves it to an accessor that was there before what is read', () => {
    const request = newRequest();
    let own = 'before';
    Object.defineProperty(request, 'response', {
      configurable: true,
      get: () => `${own}, as it is read`,
      set: (value: string) => {
        own = value;
      },
    });
    observe(request);
    request.response = 'first';
    expect(request.response).toBe('first, as it is read');
  });

  test('is the same for two guards of one request', () => {
    const request = newRequest();
    const [outer, inner] = [observe(request), observe(request)];
    request.response = 'first';
    expect(request.response).toBe('first');
    expect([outer.outcome(), inner.outcome()]).toEqual([answered('first'), answered('first')]);
  });

  test('is the same for two guards with an accessor of somebody else between them', () => {
    const request = newRequest();
    const outer = observe(request);
    const seen = watch(request, 'response');
    const inner = observe(request);
    request.response = 'first';
    expect(request.response).toBe('first');
    expect(seen).toEqual(['first']);
    expect([outer.outcome(), inner.outcome()]).toEqual([answered('first'), answered('first')]);
  });

  test('is the same for three guards with an accessor below each of the upper ones', () => {
    const request = newRequest();
    const guards = [observe(request)];
    for (let upper = 0; upper < 2; upper++) {
      watch(request, 'response');
      guards.push(observe(request));
    }
    request.response = 'first';
    expect(request.response).toBe('first');
    expect(guards.map(({ outcome }) => outcome())).toEqual(guards.map(() => answered('first')));
  });

  test('is an error where core takes the response back and tells one', () => {
    const request = newRequest();
    const { outcome } = observe(request);
    const error = new Error('thrown');
    request.response = undefined;
    request.error = error;
    expect(outcome()).toEqual({ kind: 'threw', error, mayBeTimeout: false, remainingMs: undefined });
    expect(request.error).toBe(error);
  });
});

describe('the answer to a thrown error', () => {
  test('is the response from the moment at which that error is told, and for no other one', () => {
    const request = newRequest();
    const error = new Error('thrown');
    answerThrownError(request, error, 'answer');
    request.error = new Error('another');
    expect(request.response).toBeUndefined();
    request.error = error;
    expect(request.response).toBe('answer');
  });
});
