import { describe, expect, test } from '@jest/globals';
import {
  AnswerError,
  createIdempotentFetch,
  IdempotencyClientError,
  isAnswerError,
  isIdempotencyClientError,
  orThrow,
} from '../../lib/client/index.ts';
import { isRetryableProblem, SERVER_PROBLEM_CODES, serverProblemCode } from '../../lib/client/problem.ts';
import { PROBLEM_TYPES } from '../../lib/http/problem-type.ts';
import {
  CommitConditionError,
  CommitInvalidError,
  ConfigurationError,
  InProgressError,
  isIdempotencyError,
  KeyInvalidError,
  KeyMissingError,
  OutcomeUnknownError,
  PayloadMismatchError,
  ResultNotRecordedError,
  ResultTooLargeError,
  StepNotRecordedError,
  StoreError,
  SupersededError,
} from '../../lib/index.ts';
import { LeaseLostError, LockNotAcquiredError, PermitsMismatchError } from '../../lib/locks/errors.ts';
import { json } from './settings.ts';
import { answers, problem, useUnrulyServer } from './unruly-server.ts';

const server = useUnrulyServer();
const thrown = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('what the server says', () => {
  test('every problem type of the server is known here by its code, and is retried where it says so', () => {
    const serverErrors = [
      new KeyMissingError('k'),
      new KeyInvalidError('k'),
      new InProgressError(1),
      new PayloadMismatchError(),
      new OutcomeUnknownError(),
      new SupersededError(1),
      new StoreError('s'),
      new ResultTooLargeError(),
      new ResultNotRecordedError('lost'),
      new StepNotRecordedError('s', 'too-large'),
      new CommitConditionError([]),
      new CommitInvalidError('c'),
      new LockNotAcquiredError({ retryAfterMs: 1 }),
      new LeaseLostError(),
      new PermitsMismatchError({ wanted: 1, found: 2 }),
      new ConfigurationError('c'),
    ];
    expect(SERVER_PROBLEM_CODES.toSorted()).toEqual(Object.keys(PROBLEM_TYPES).sort());
    expect(serverErrors.map(({ code }) => code).sort()).toEqual(SERVER_PROBLEM_CODES.toSorted());
    for (const { code, retryable } of serverErrors) {
      expect(serverProblemCode({ ...PROBLEM_TYPES[code] })).toBe(code);
      expect([code, isRetryableProblem(code)]).toEqual([code, retryable]);
    }
  });

  test('is thrown with its problem document by those who want it thrown', async () => {
    server().plan(problem(422, 'payload-mismatch'));
    const failure = await thrown(orThrow(createIdempotentFetch()(server().url, json(1))));
    expect(failure).toBeInstanceOf(AnswerError);
    if (!isAnswerError(failure)) throw failure;
    expect(failure).toMatchObject({
      code: 'PAYLOAD_MISMATCH',
      status: 422,
      retryable: false,
      problem: { type: 'urn:lambda-idempotency:problem:payload-mismatch', status: 422 },
    });
    expect(await failure.response.json()).toMatchObject({ status: 422 });
  });

  test.each([
    [
      'a problem of another kind',
      { 'content-type': 'application/problem+json; charset=utf-8' },
      '{"title":"No"}',
      'about:blank',
    ],
    ['JSON of its own', { 'content-type': 'application/json' }, '{"type":"x"}', undefined],
    ['no JSON, whatever it says', { 'content-type': 'application/problem+json' }, '{', undefined],
    ['a list', { 'content-type': 'application/problem+json' }, '[]', undefined],
    [
      'a document without end',
      { 'content-type': 'application/problem+json' },
      `{"a":"${'x'.repeat(70_000)}"}`,
      undefined,
    ],
  ])('%s is an HTTP error', async (_, headers, body, type) => {
    server().plan(answers(400, headers, body));
    const failure = await thrown(orThrow(createIdempotentFetch()(server().url, json(1))));
    expect(failure).toMatchObject({ code: 'HTTP_ERROR', status: 400 });
    expect(isAnswerError(failure) && failure.problem?.type).toBe(type);
  });

  test('below 400 is handed on', async () => {
    expect((await orThrow(createIdempotentFetch()(server().url, json(1)))).status).toBe(201);
  });
});

describe('the guards', () => {
  test('know an error of another copy of this package, and not the errors of the server half', () => {
    const foreign = Object.assign(new Error('copy'), { code: 'NO_ANSWER', retryable: true });
    expect(foreign).not.toBeInstanceOf(IdempotencyClientError);
    expect(isIdempotencyClientError(foreign)).toBe(true);
    expect(isAnswerError(foreign)).toBe(false);
    const ofServer = new ConfigurationError('set up wrongly');
    expect([isIdempotencyClientError(ofServer), isIdempotencyError(ofServer)]).toEqual([false, true]);
    for (const other of [undefined, 'NO_ANSWER', { code: 'NO_ANSWER', retryable: true }, new Error('x')]) {
      expect(isIdempotencyClientError(other)).toBe(false);
    }
  });
});
