/** What the compiler promises to callers of the caller's half. Checked by tstyche; nothing here runs. */
import { expect, test } from 'tstyche';
import {
  type AnswerError,
  CLIENT_DEFAULTS,
  createIdempotencyClient,
  createIdempotentFetch,
  type Delivery,
  deliveryOf,
  type IdempotencyClientError,
  indexedDbStorage,
  isAnswerError,
  isIdempotencyClientError,
  memoryStorage,
  type Operation,
  type OutboxStorage,
  orThrow,
  type ProblemDocument,
  type Resumed,
  type ServerProblemCode,
  webStorage,
} from '../../lib/client/index.ts';
import { fileStorage } from '../../lib/client/node/index.ts';
import type { IdempotencyErrorCode } from '../../lib/index.ts';

test('the guarded fetch takes the place of fetch', () => {
  expect(createIdempotentFetch()).type.toBe<typeof fetch>();
  expect(createIdempotencyClient().fetch).type.toBe<typeof fetch>();
});

test('an operation is made of a name and what fetch takes', () => {
  const client = createIdempotencyClient();
  expect(client.operation('pay', '/pay', { method: 'POST' })).type.toBe<Operation>();
  expect(client.operation).type.toBeCallableWith('pay', new URL('http://localhost/'));
  expect(client.operation).type.not.toBeCallableWith('/pay');
  expect(client.operation('pay', '/pay').send()).type.toBe<Promise<Response>>();
  expect(client.operation('pay', '/pay').send).type.not.toBeCallableWith({ timeoutMs: 1 });
});

test('unknown options do not compile, and a plain fetch has no outbox', () => {
  expect(createIdempotentFetch).type.toBeCallableWith({ maxTries: 3, keyFormat: 'structured' });
  expect(createIdempotentFetch).type.not.toBeCallableWith({ retries: 3 });
  expect(createIdempotentFetch).type.not.toBeCallableWith({ keyFormat: 'quoted' });
  expect(createIdempotentFetch).type.not.toBeCallableWith({ outbox: { storage: memoryStorage() } });
  expect(createIdempotencyClient).type.not.toBeCallableWith({ outbox: {} });
});

test('every storage is one to the outbox', () => {
  expect(indexedDbStorage()).type.toBe<OutboxStorage>();
  expect(fileStorage('outbox')).type.toBe<OutboxStorage>();
  expect(webStorage).type.toBeCallableWith(
    {} as Pick<Map<string, string>, never> & {
      length: number;
      key(index: number): string | null;
      getItem(name: string): string | null;
      setItem(name: string, value: string): void;
      removeItem(name: string): void;
    },
  );
});

test('the guards narrow, and a literal code tells the errors apart', () => {
  const error: unknown = undefined;
  if (isIdempotencyClientError(error)) expect(error).type.toBe<IdempotencyClientError>();
  if (isAnswerError(error)) {
    expect(error).type.toBe<AnswerError>();
    expect(error.code).type.toBe<ServerProblemCode | 'HTTP_ERROR'>();
    expect(error.problem).type.toBe<ProblemDocument | undefined>();
  }
});

test('the codes of the server are the codes of the server', () => {
  expect<ServerProblemCode>().type.toBe<IdempotencyErrorCode>();
});

test('what is known of an answer may be nothing', () => {
  expect(deliveryOf({} as Response)).type.toBe<Delivery | undefined>();
  expect(orThrow({} as Response)).type.toBe<Promise<Response>>();
});

test('how an operation was resumed is told by kind', () => {
  const resumed = {} as Resumed;
  expect(resumed.kind).type.toBe<'settled' | 'unsettled' | 'failed' | 'settled-elsewhere' | 'expired'>();
  if (resumed.kind === 'failed') expect(resumed.error).type.toBe<unknown>();
  if (resumed.kind === 'settled') expect(resumed.response).type.toBe<Response>();
});

test('the defaults cannot be changed', () => {
  expect(CLIENT_DEFAULTS.deadlineMs).type.toBe<120_000>();
});
