import { describe, expect, test } from '@jest/globals';
import {
  CLIENT_DEFAULTS,
  createIdempotencyClient,
  createIdempotentFetch,
  type IdempotencyClientOptions,
  isIdempotencyClientError,
  memoryStorage,
} from '../../lib/client/index.ts';
import { DEFAULTS } from '../../lib/index.ts';

const storage = memoryStorage();

describe('options', () => {
  test.each([
    [{ retries: 3 }, /Unknown option "retries".*maxTries/],
    [{ outbox: { storage, size: 3 } }, /Unknown option "outbox.size".*outbox.maxEntries/],
    [{ outbox: {} }, /outbox.storage/],
    [{ outbox: { storage, scope: 7 } }, /outbox.scope/],
    [{ maxTries: 0 }, /maxTries/],
    [{ maxTries: 1.5 }, /maxTries/],
    [{ deadlineMs: 2 ** 31 }, /deadlineMs/],
    [{ tryTimeoutMs: '30' }, /tryTimeoutMs/],
    [{ keyFormat: 'quoted' }, /keyFormat.*bare or structured/],
    [{ methods: 'POST' }, /methods/],
    [{ keyHeader: 'Idempotency Key' }, /keyHeader/],
    [{ onRetry: true }, /onRetry.*a function/],
    [{ bufferResponse: 'no' }, /bufferResponse/],
    [{ deadlineMs: 60_000, retentionSeconds: 60 }, /must be less than "retentionSeconds"/],
    [{ outbox: { storage, maxAgeSeconds: 86_400 } }, /together must not exceed/],
  ])('%j is refused, with the way out', (options, message) => {
    const create = () => createIdempotencyClient(options as unknown as IdempotencyClientOptions);
    expect(create).toThrow(message);
    expect(create).toThrow(expect.objectContaining({ code: 'CLIENT_CONFIGURATION', retryable: false }));
  });

  test('an option that is undefined is one that is not given', () => {
    // As code without exactOptionalPropertyTypes may have it.
    const options = { maxTries: undefined, outbox: undefined } as unknown as IdempotencyClientOptions;
    expect(() => createIdempotencyClient(options)).not.toThrow();
  });

  test('an outbox belongs to a client, and not to a plain fetch', () => {
    const options = { outbox: { storage } } as IdempotencyClientOptions;
    expect(() => createIdempotentFetch(options)).toThrow(/Unknown option "outbox"/);
  });

  test('what both halves have to agree on is the same by default', () => {
    const { methods, keyHeader, retentionSeconds } = DEFAULTS;
    expect(CLIENT_DEFAULTS).toMatchObject({ methods, keyHeader, retentionSeconds });
  });

  test.each(['', 'two words', 'a,b', 'ä', 'k'.repeat(256), undefined])(
    'a key that the server would refuse is refused here: %j',
    async (key) => {
      const send = createIdempotentFetch({ newKey: () => key as string });
      const failure = await send('http://127.0.0.1:9/', { method: 'POST' }).catch((error: unknown) => error);
      expect(isIdempotencyClientError(failure) && failure.code).toBe('CLIENT_CONFIGURATION');
      // It may be a secret of somebody's.
      if (key) expect(String(failure)).not.toContain(key);
    },
  );
});
