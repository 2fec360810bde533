import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '../../../lib/idempotency/errors.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import { DEFAULTS } from '../../../lib/idempotency/options.ts';
import { resolveOptions } from '../../../lib/idempotency/resolved-options.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { DynamoDbStore } from '../../../lib/stores/dynamodb-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';

const store = new MemoryStore();
const TABLE = 'IDEMPOTENCY_TABLE';

describe('options', () => {
  let table: string | undefined;
  beforeEach(() => {
    table = process.env[TABLE];
    delete process.env[TABLE];
  });
  afterEach(() => {
    delete process.env[TABLE];
    if (table !== undefined) process.env[TABLE] = table;
  });

  test('without a store, the table is the one that the environment names', () => {
    process.env[TABLE] = 'my-table';
    expect(resolveOptions({}).store).toBeInstanceOf(DynamoDbStore);
  });

  test('without a store and without a table, the middleware fails at once and says what to set', () => {
    expect(() => idempotency()).toThrow(ConfigurationError);
    expect(() => idempotency()).toThrow(/IDEMPOTENCY_TABLE/);
    expect(() => idempotent(async () => {})).toThrow(/IDEMPOTENCY_TABLE/);
  });

  test('what is not given has its default', () => {
    const { methods, ...resolved } = resolveOptions({ store });
    const { methods: defaultMethods, ...defaults } = DEFAULTS;
    expect(resolved).toMatchObject(defaults);
    expect([...methods]).toEqual(defaultMethods);
  });

  test('methods are compared in upper case', () => {
    expect([...resolveOptions({ store, methods: ['put'] }).methods]).toEqual(['PUT']);
  });

  test('an option of value undefined counts as not given', () => {
    const options = { store, key: undefined, retentionSeconds: undefined } as object;
    expect(resolveOptions(options)).toMatchObject({ retentionSeconds: 86400 });
  });

  test.each([
    [
      'an unknown name',
      { retention: 60 },
      /Unknown option "retention"\. The options are: .*retentionSeconds/,
    ],
    [
      'a retention of nothing',
      { retentionSeconds: 0 },
      /"retentionSeconds" must be a whole number of at least 1/,
    ],
    ['a retention in fractions', { retentionSeconds: 1.5 }, /"retentionSeconds" must be a whole number/],
    ['a retention in words', { retentionSeconds: '1h' }, /"retentionSeconds" must be a whole number/],
    ['a negative skew', { clockSkewMs: -1 }, /"clockSkewMs" must be a whole number of at least 0/],
    ['a lease of nothing', { leaseMs: 0 }, /"leaseMs" must be a whole number of at least 1/],
    ['a policy that is none', { onUncertain: 'ask' }, /"onUncertain" must be "retry" or "block"/],
    ['a strategy that is none', { strategy: 'queue' }, /"strategy" must be "lock" or "single-write"/],
    [
      'a policy for lapsed leases where there are none',
      { strategy: 'single-write', onUncertain: 'retry' },
      /"strategy: 'single-write'" and "onUncertain" contradict each other/,
    ],
    [
      'the length of a lease where there is none',
      { strategy: 'single-write', leaseMs: 5000 },
      /"strategy: 'single-write'" and "leaseMs" contradict each other/,
    ],
    [
      'a run without the record where there is no other run',
      { strategy: 'single-write', onStoreUnavailable: 'run-unguarded' },
      /"strategy: 'single-write'" and "onStoreUnavailable" contradict each other/,
    ],
    [
      'a single write into a store without transactions',
      {
        strategy: 'single-write',
        store: { ...interceptedStore(store, (_, proceed) => proceed()), write: undefined },
      },
      /"strategy: 'single-write'" needs a store that can write .* TransactionalStore/,
    ],
    [
      'a renewed lease that is too short to be renewed',
      { renewedLeaseMs: 999 },
      /"renewedLeaseMs" must be a whole number of at least 1000/,
    ],
    [
      'a renewed lease that is never renewed',
      { renewedLeaseMs: 900_000 },
      /"renewedLeaseMs" \(900000\) must be less than "leaseMs" \(900000\)/,
    ],
    [
      'renewal where there is no lease',
      { strategy: 'single-write', renewedLeaseMs: 5000 },
      /"strategy: 'single-write'" and "renewedLeaseMs" contradict each other/,
    ],
    ['a timer that is no function', { setTimer: 1 }, /"setTimer" must be a function/],
    ['random numbers that are none', { random: 0.5 }, /"random" must be a function/],
    ['a status that is none', { replayStatus: 200 }, /"replayStatus" must be "ok" or "original"/],
    ['a truthy word for a switch', { keyRequired: 'no' }, /"keyRequired" must be true or false/],
    [
      'a header that is none',
      { keyHeader: 'Idempotency Key' },
      /"keyHeader" must be the name of an HTTP header/,
    ],
    ['no methods', { methods: [] }, /"methods" must be a list of HTTP methods/],
    ['methods as one word', { methods: 'POST' }, /"methods" must be a list of HTTP methods/],
    ['an empty namespace', { namespace: '' }, /"namespace" must be a string of 1 to 255/],
    ['a long namespace', { namespace: 'n'.repeat(256) }, /"namespace" must be a string of 1 to 255/],
    ['a key that is not a function', { key: 'detail.id' }, /"key" must be a function/],
    ['a caller that is not a function', { caller: 'sub' }, /"caller" must be a function/],
    ['a listener that is not a function', { onEvent: {} }, /"onEvent" must be a function/],
    [
      'a documentation that is nowhere',
      { documentationUrl: '/docs' },
      /"documentationUrl" must be an absolute URL/,
    ],
    [
      'a key beside an option for HTTP',
      { key: () => 'k', keyHeader: 'X-Key' },
      /"key" and "keyHeader" contradict each other.*Remove one of them/,
    ],
    [
      'block beside run-unguarded',
      { onUncertain: 'block', onStoreUnavailable: 'run-unguarded' },
      /contradict each other.*Choose 'reject' or 'retry'/,
    ],
    [
      'a function that finds out beside run-unguarded',
      { onUncertain: async () => ({ outcome: 'run' }), onStoreUnavailable: 'run-unguarded' },
      /"onUncertain" with a function and "onStoreUnavailable: 'run-unguarded'" contradict each other/,
    ],
    [
      'a lease beyond the retention',
      { leaseMs: 120_000, retentionSeconds: 60 },
      /"retentionSeconds" \(60\) must cover "leaseMs" \(120000 ms\)/,
    ],
  ])('refuses %s, with the fix in the message', (_, options, message) => {
    // What a program without types can pass.
    const untyped = { store, ...options } as object;
    expect(() => resolveOptions(untyped)).toThrow(ConfigurationError);
    expect(() => resolveOptions(untyped)).toThrow(message);
  });
});
