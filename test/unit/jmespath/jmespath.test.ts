import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, KeyInvalidError } from '../../../lib/idempotency/errors.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { jmespath } from '../../../lib/jmespath/index.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { lambdaContext } from '../../support/events.ts';
import { eventBridgeEvent, sqsRecord } from '../../support/source-records.ts';

describe('jmespath(expression)', () => {
  test('selects the key of an event', () => {
    expect(jmespath('detail.orderId')(eventBridgeEvent({ orderId: 'o1' }))).toBe('o1');
  });

  test("reads what is JSON inside of the event, with Powertools' functions", () => {
    expect(jmespath('powertools_json(body).orderId')(sqsRecord({ orderId: 'o1' }))).toBe('o1');
  });

  test('makes one key of several parts, which no other parts share', () => {
    const key = jmespath('[tenant, orderId]');
    expect(key({ tenant: 'a', orderId: 'b' })).toBe('["a","b"]');
    expect(key({ tenant: 'a","b', orderId: 'c' })).not.toBe(key({ tenant: 'a', orderId: 'b","c' }));
  });

  test('compares objects by value, not by spelling', () => {
    const key = jmespath('{order: order}');
    expect(key({ order: { id: 1, line: 2 } })).toBe(key({ order: { line: 2, id: 1 } }));
  });

  test('takes a number for its digits', () => {
    expect(jmespath('orderId')({ orderId: 7 })).toBe('7');
  });

  test.each([
    ['orderId', {}],
    ['orderId', { orderId: null }],
    ['orderId', { orderId: '' }],
    ['orders[*].id', { orders: [] }],
    ['[tenant, orderId]', { orderId: 'o1' }],
    ['{tenant: tenant, orderId: orderId}', { tenant: 't1' }],
    ['powertools_json(body).orderId', { body: 'not JSON' }],
    ['powertools_json(body).orderId', {}],
    ['orderId', null],
  ])('%s finds no whole key in %j, and refuses rather than to run without a lock', (expression, event) => {
    expect(() => jmespath(expression)(event)).toThrow(KeyInvalidError);
  });

  test('a refusal tells nothing of the event', () => {
    const data = Buffer.from('card 4711').toString('base64');
    const refusal = (expression: string) => {
      try {
        return jmespath(expression)({ data });
      } catch (error) {
        return error as Error;
      }
    };
    for (const expression of ['powertools_base64_gzip(data)', 'powertools_json(data)', 'sum(data)']) {
      const error = refusal(expression);
      expect(error).toBeInstanceOf(KeyInvalidError);
      expect(inspect(error)).not.toContain(data);
      expect(inspect(error)).not.toContain('4711');
    }
  });

  test.each(['', 'a.', 'a[', 'powertools_jsno(body)', 'abs()', 7 as unknown as string])(
    '%j is no expression, which shows at cold start',
    (expression) => {
      expect(() => jmespath(expression)).toThrow(ConfigurationError);
    },
  );

  test('an expression that only fails for want of data is not blamed at cold start', () => {
    expect(() => jmespath('sum(items[*].price)')).not.toThrow();
  });

  test('is a `key` as any other', async () => {
    let runs = 0;
    const charge = idempotent(async (_order: { readonly orderId: string }) => ++runs, {
      store: new MemoryStore(),
      key: jmespath('orderId'),
    });
    expect(await charge({ orderId: 'o1' }, lambdaContext())).toBe(1);
    expect(await charge({ orderId: 'o1' }, lambdaContext())).toBe(1);
  });
});
