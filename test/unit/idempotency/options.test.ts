import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CacheLimits, DEFAULT_CACHE_LIMITS } from '../../../lib/idempotency/cache-limits.ts';
import { openDynamoDbStore } from '../../../lib/idempotency/default-store.ts';
import { ConfigurationError } from '../../../lib/idempotency/errors.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import { DEFAULTS } from '../../../lib/idempotency/options.ts';
import { resolveOptions as resolve } from '../../../lib/idempotency/resolved-options.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { DynamoDbStore } from '../../../lib/stores/dynamodb-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { interceptedStore } from '../../support/intercepted-store.ts';

const resolveOptions = (options: Parameters<typeof resolve>[0]) => resolve(options, openDynamoDbStore);

const store = new MemoryStore();
const TABLE = 'IDEMPOTENCY_TABLE';

/** Every option that both kinds of events share, none of it the default. */
const PROTOCOL = {
  store,
  namespace: 'orders',
  retentionSeconds: 60,
  clockSkewMs: 0,
  leaseMs: 1,
  onEvent: () => {},
  now: () => 0,
  newOwner: () => 'owner',
  fingerprint: () => 'all the same',
};

const HTTP_ONLY = [
  'keyHeader',
  'keyRequired',
  'methods',
  'replayStatus',
  'caller',
  'documentationUrl',
  'timeoutEarlyInMillis',
];

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
    const said =
      /^No store: set the environment variable IDEMPOTENCY_TABLE to .*, or give the option `store`/;
    expect(() => idempotency()).toThrow(said);
    expect(() => idempotent(async () => {})).toThrow(said);
    process.env[TABLE] = '';
    expect(() => idempotency()).toThrow(said);
  });

  test('what is not given has its default', () => {
    const { methods, ...resolved } = resolveOptions({ store });
    const { methods: defaultMethods, ...defaults } = DEFAULTS;
    expect(resolved).toMatchObject(defaults);
    expect([...methods]).toEqual(defaultMethods);
  });

  test('a store that can keep less than the default bound is not contradicted by it', () => {
    const small = new MemoryStore({ maxResultBytes: 1000 });
    expect(() => resolveOptions({ store: small })).not.toThrow();
    expect(() => resolveOptions({ store: small, resultMaxBytes: 1000 })).not.toThrow();
  });

  test('the defaults are what the documentation promises to those who name none', () => {
    expect(DEFAULTS).toEqual({
      retentionSeconds: 86_400,
      resultMaxBytes: 6_291_456,
      strategy: 'lock',
      storeTimings: false,
      onUncertain: 'retry',
      onInProgress: 'reject',
      onStoreUnavailable: 'reject',
      clockSkewMs: 1000,
      leaseMs: 900_000,
      cache: false,
      keyHeader: 'Idempotency-Key',
      keyRequired: true,
      methods: ['POST', 'PATCH'],
      replayStatus: 'ok',
      documentationUrl: 'https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/',
      timeoutEarlyInMillis: 5,
    });
    expect(Object.isFrozen(DEFAULTS) && Object.isFrozen(DEFAULTS.methods)).toBe(true);
  });

  test('what is given for HTTP events is what the guard works with, and nothing can change it afterwards', () => {
    const given = {
      ...PROTOCOL,
      onStoreUnavailable: 'run-unguarded',
      keyHeader: "!#$%&'*+-.^_`|~09AZaz",
      keyRequired: false,
      replayStatus: 'original',
      caller: () => 'anna',
      documentationUrl: 'https://shop.example/docs',
      timeoutEarlyInMillis: 0,
    } as const;
    const { onEvent, ...members } = given;
    const resolved = resolveOptions({ ...given, methods: ['PUT', 'delete'] });
    expect(resolved).toMatchObject(members);
    expect([...resolved.methods]).toEqual(['PUT', 'DELETE']);
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  test('what is given for other events is what the guard works with', () => {
    const given = { ...PROTOCOL, onUncertain: 'block', key: () => 'k1' } as const;
    const { onEvent, ...members } = given;
    expect(resolveOptions(given)).toMatchObject(members);
  });

  test.each([true, false])('store timings can be %p', (storeTimings) => {
    expect(resolveOptions({ store, storeTimings })).toMatchObject({ storeTimings });
  });

  test('a lease as long as the retention is the longest that a record can cover', () => {
    expect(resolveOptions({ store, retentionSeconds: 60, leaseMs: 60_000 })).toMatchObject({
      leaseMs: 60_000,
    });
    // Its length without a Lambda context is a default that need not be covered: the protocol sees to it.
    expect(resolveOptions({ store, retentionSeconds: 60 })).toMatchObject({ retentionSeconds: 60 });
  });

  describe('the namespace is', () => {
    const FUNCTION_NAME = 'AWS_LAMBDA_FUNCTION_NAME';
    let functionName: string | undefined;
    beforeEach(() => {
      functionName = process.env[FUNCTION_NAME];
      delete process.env[FUNCTION_NAME];
    });
    afterEach(() => {
      delete process.env[FUNCTION_NAME];
      if (functionName !== undefined) process.env[FUNCTION_NAME] = functionName;
    });

    test('the one that is given, of 255 characters at most', () => {
      process.env[FUNCTION_NAME] = 'add-to-cart';
      const longest = 'n'.repeat(255);
      expect(resolveOptions({ store, namespace: longest })).toMatchObject({ namespace: longest });
    });

    test('the function’s name otherwise', () => {
      process.env[FUNCTION_NAME] = 'add-to-cart';
      expect(resolveOptions({ store })).toMatchObject({ namespace: 'add-to-cart' });
    });

    test('the same for everybody outside Lambda', () => {
      expect(resolveOptions({ store })).toMatchObject({ namespace: 'lambda' });
    });
  });

  test('owner tokens cannot be guessed, and the clock is the machine’s', () => {
    const { newOwner, now } = resolveOptions({ store });
    const tokens = Array.from({ length: 100 }, newOwner);
    expect(new Set(tokens).size).toBe(100);
    // Version 4: 122 random bits.
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(Math.abs(now() - Date.now())).toBeLessThan(1000);
  });

  test('methods are compared in upper case', () => {
    expect([...resolveOptions({ store, methods: ['put'] }).methods]).toEqual(['PUT']);
  });

  test('an option of value undefined counts as not given', () => {
    const options = { store, key: undefined, retentionSeconds: undefined } as object;
    expect(resolveOptions(options)).toMatchObject({ retentionSeconds: 86400 });
  });

  test('a cache has both bounds, whichever are given', () => {
    const resolved = (cache: boolean | CacheLimits) => resolveOptions({ store, cache }).cache;
    expect(resolved(true)).toEqual(DEFAULT_CACHE_LIMITS);
    expect(resolved({})).toEqual(DEFAULT_CACHE_LIMITS);
    expect(resolved({ maxEntries: 5 })).toEqual({ ...DEFAULT_CACHE_LIMITS, maxEntries: 5 });
    expect(resolved({ maxBytes: 5 })).toEqual({ ...DEFAULT_CACHE_LIMITS, maxBytes: 5 });
    expect(resolved(false)).toBe(false);
  });

  test('a cache can be as small as one and as large as its bounds allow', () => {
    const smallest = { maxEntries: 1, maxBytes: 1 };
    const largest = { maxEntries: 100_000, maxBytes: Number.MAX_SAFE_INTEGER };
    for (const cache of [smallest, largest]) expect(resolveOptions({ store, cache }).cache).toEqual(cache);
  });

  test('a wait can be as short as a millisecond and as long as a function can run', () => {
    for (const waitMs of [1, 15 * 60 * 1000]) {
      expect(resolveOptions({ store, onInProgress: { waitMs } }).onInProgress).toEqual({ waitMs });
    }
  });

  test('what is given as an object is not read again: changing it later changes nothing', () => {
    const onInProgress = { waitMs: 100 };
    const resolved = resolveOptions({ store, onInProgress });
    onInProgress.waitMs = 900;
    expect(resolved.onInProgress).toEqual({ waitMs: 100 });
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
    ['a retention without end', { retentionSeconds: Number.POSITIVE_INFINITY }, /"retentionSeconds" must be/],
    ['a retention in fractions', { retentionSeconds: 1.5 }, /"retentionSeconds" must be a whole number/],
    ['a retention in words', { retentionSeconds: '1h' }, /"retentionSeconds" must be a whole number/],
    [
      'a bound that lets no result pass',
      { resultMaxBytes: 0 },
      /"resultMaxBytes" must be a whole number of at least 1/,
    ],
    ['a bound in words', { resultMaxBytes: '6 MB' }, /"resultMaxBytes" must be a whole number/],
    [
      'a bound beyond what the store can keep',
      { resultMaxBytes: 6 * 1024 * 1024 + 1 },
      /"resultMaxBytes" \(6291457\) is more than the store can keep \(its maxResultBytes is 6291456\)\. Lower/,
    ],
    ['a negative skew', { clockSkewMs: -1 }, /"clockSkewMs" must be a whole number of at least 0/],
    [
      'an early time-out after the end',
      { timeoutEarlyInMillis: -1 },
      /"timeoutEarlyInMillis" must be a whole/,
    ],
    ['a store by its name', { store: 'my-table' }, /"store" must be an IdempotencyStore/],
    ['no store in the place of one', { store: null }, /"store" must be an IdempotencyStore/],
    [
      'a reaction that is none',
      { onStoreUnavailable: 'run' },
      /"onStoreUnavailable" must be "reject" or "run-unguarded"/,
    ],
    ['timings that are no switch', { storeTimings: 'on' }, /"storeTimings" must be true or false/],
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
      'a way to wait that is none',
      { onInProgress: 'wait' },
      /"onInProgress" must be "reject" or \{ waitMs \}/,
    ],
    ['a wait without a length', { onInProgress: {} }, /"onInProgress" must be "reject" or \{ waitMs \}/],
    ['a wait of nothing', { onInProgress: { waitMs: 0 } }, /waitMs a whole number of 1 to 900000/],
    ['a wait in fractions', { onInProgress: { waitMs: 0.5 } }, /waitMs a whole number of 1 to 900000/],
    [
      'a wait beyond any function',
      { onInProgress: { waitMs: 900_001 } },
      /waitMs a whole number of 1 to 900000/,
    ],
    ['a wait with a second name', { onInProgress: { waitMs: 1, polls: 3 } }, /"onInProgress" must be/],
    ['no wait at all', { onInProgress: null }, /"onInProgress" must be "reject" or \{ waitMs \}/],
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
    ['a cache that is none', { cache: 1000 }, /"cache" must be true, false, or \{ maxEntries, maxBytes \}/],
    ['no cache at all', { cache: null }, /"cache" must be true, false, or \{ maxEntries, maxBytes \}/],
    ['a cache of nothing', { cache: { maxEntries: 0 } }, /"cache" must be .* at least 1/],
    ['a cache in fractions', { cache: { maxBytes: 1.5 } }, /"cache" must be .* whole numbers/],
    ['a cache of endless entries', { cache: { maxEntries: 100_001 } }, /no more than 100000 entries/],
    ['a cache with a third name', { cache: { ttl: 60 } }, /"cache" must be true, false/],
    ['a sleep that is not a function', { sleep: 100 }, /"sleep" must be a function/],
    ['chance that is not a function', { random: 0.5 }, /"random" must be a function/],
    ['a status that is none', { replayStatus: 200 }, /"replayStatus" must be "ok" or "original"/],
    ['a truthy word for a switch', { keyRequired: 'no' }, /"keyRequired" must be true or false/],
    [
      'a header that is none',
      { keyHeader: 'Idempotency Key' },
      /"keyHeader" must be the name of an HTTP header/,
    ],
    ['a header without a name', { keyHeader: '' }, /"keyHeader" must be the name of an HTTP header/],
    ['a header with its colon', { keyHeader: 'X-Key:' }, /"keyHeader" must be the name of an HTTP header/],
    ['a header behind a space', { keyHeader: ' X-Key' }, /"keyHeader" must be the name of an HTTP header/],
    ['a header by its number', { keyHeader: 7 }, /"keyHeader" must be the name of an HTTP header/],
    ['a method without a name', { methods: ['POST', ''] }, /"methods" must be a list of HTTP methods/],
    ['a method with its path', { methods: ['POST /cart'] }, /"methods" must be a list of HTTP methods/],
    ['a method behind a space', { methods: [' POST'] }, /"methods" must be a list of HTTP methods/],
    ['no method in the place of one', { methods: [null] }, /"methods" must be a list of HTTP methods/],
    ['no methods', { methods: [] }, /"methods" must be a list of HTTP methods/],
    ['methods as one word', { methods: 'POST' }, /"methods" must be a list of HTTP methods/],
    ['an empty namespace', { namespace: '' }, /"namespace" must be a string of 1 to 255/],
    ['a long namespace', { namespace: 'n'.repeat(256) }, /"namespace" must be a string of 1 to 255/],
    ['several namespaces', { namespace: ['orders'] }, /"namespace" must be a string of 1 to 255/],
    ['a key that is not a function', { key: 'detail.id' }, /"key" must be a function/],
    ...['caller', 'onEvent', 'now', 'newOwner', 'fingerprint'].map(
      (name) =>
        [`a ${name} that is not a function`, { [name]: {} }, `"${name}" must be a function.`] as const,
    ),
    [
      'a documentation that is nowhere',
      { documentationUrl: '/docs' },
      /"documentationUrl" must be an absolute URL/,
    ],
    ...HTTP_ONLY.map(
      (name) =>
        [
          `a key beside ${name}, which is for HTTP`,
          { key: () => 'k', [name]: 'anything' },
          new RegExp(`"key" and "${name}" contradict each other.*Remove one of them`),
        ] as const,
    ),
    [
      'block beside run-unguarded',
      { onUncertain: 'block', onStoreUnavailable: 'run-unguarded' },
      /Options "onUncertain: 'block'" and "onStoreUnavailable: 'run-unguarded'" contradict each other.*Choose 'reject' or 'retry'/,
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
