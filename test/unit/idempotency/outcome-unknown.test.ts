import { describe, expect, test } from '@jest/globals';
import { isOutcomeUnknown, outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { MIDDY_VERSIONS } from '../../support/middy-versions.ts';

describe('what tells nothing of the outcome', () => {
  test.each(MIDDY_VERSIONS)('the early time-out that Middy $version throws', async ({ middy }) => {
    const handler = middy(() => new Promise<never>(() => {}));
    const timeout = await handler(httpApiEvent(), lambdaContext(20)).catch((error: unknown) => error);
    expect(timeout).toMatchObject({ name: 'TimeoutError' });
    expect(isOutcomeUnknown(timeout)).toBe(true);
  });

  test('an answer or an error with status 504', () => {
    expect(isOutcomeUnknown({ statusCode: 504 })).toBe(true);
    expect(isOutcomeUnknown(Object.assign(new Error('gateway'), { statusCode: 504 }))).toBe(true);
  });

  test('what the handler has marked, which comes back as it was', () => {
    const answer = { statusCode: 502 };
    expect(outcomeUnknown(answer)).toBe(answer);
    expect(isOutcomeUnknown(answer)).toBe(true);
    expect(isOutcomeUnknown({ statusCode: 502 })).toBe(false);
  });
});

describe('what does tell: the handler failed, or has its result', () => {
  test.each([
    ['a time-out of the handler’s own fetch', new DOMException('too slow', 'TimeoutError')],
    ['a TimeoutError without a cause that says more', errorOf('TimeoutError', null)],
    ['a TimeoutError that was caused by a message', errorOf('TimeoutError', 'slow')],
    ['a TimeoutError of another package', errorOf('TimeoutError', { package: '@middy/util' })],
    ['another error of Middy’s core', errorOf('TypeError', { package: '@middy/core' })],
    ['any other error', new Error('out of stock')],
    ['status 503', { statusCode: 503 }],
    ['no answer', undefined],
    ['null', null],
    ['text', '504'],
  ])('%s', (_, value) => {
    expect(isOutcomeUnknown(value)).toBe(false);
  });
});

function errorOf(name: string, cause: unknown): Error {
  return Object.assign(new Error('failed', { cause }), { name });
}
