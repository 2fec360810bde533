import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CacheLimits, DEFAULT_CACHE_LIMITS } from '../../../lib/idempotency/cache-limits.ts';
import { ConfigurationError } from '../../../lib/idempotency/errors.ts';
import { idempotency } from '../../../lib/idempotency/middleware.ts';
import { DEFAULTS } from '../../../lib/idempotency/options.ts';
import { resolveOptions } from '../../../lib/idempotency/resolved-options.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { DynamoDbStore } from '../../../lib/stores/dynamodb-store.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';

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

  test('a cache has both bounds, whichever are given', () => {
    const resolved = (cache: boolean | CacheLimits) => resolveOptions({ store, cache }).cache;
    expect(resolved(true)).toEqual(DEFAULT_CACHE_LIMITS);
    expect(resolved({})).toEqual(DEFAULT_CACHE_LIMITS);
    expect(resolved({ maxEntries: 5 })).toEqual({ ...DEFAULT_CACHE_LIMITS, maxEntries: 5 });
    expect(resolved({ maxBytes: 5 })).toEqual({ ...DEFAULT_CACHE_LIMITS, maxBytes: 5 });
    expect(resolved(false)).toBe(false);
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
    ['a retention in fractions', { retentionSeconds: 1.5 }, /"retentionSeconds" must be a whole number/],
    ['a retention in words', { retentionSeconds: '1h' }, /"retentionSeconds" must be a whole number/],
    ['a negative skew', { clockSkewMs: -1 }, /"clockSkewMs" must be a whole number of at least 0/],
    ['a lease of nothing', { leaseMs: 0 }, /"leaseMs" must be a whole number of at least 1/],
    ['a policy that is none', { onUncertain: 'ask' }, /"onUncertain" must be "retry" or "block"/],
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
