import { describe, expect, test } from '@jest/globals';
import { problemAnswer } from '../../../lib/http/problem-answer.ts';
import { PROBLEM_TYPES } from '../../../lib/http/problem-type.ts';
import {
  CommitConditionError,
  CommitInvalidError,
  ConfigurationError,
  type IdempotencyError,
  InProgressError,
  KeyInvalidError,
  KeyMissingError,
  OutcomeUnknownError,
  PayloadMismatchError,
  ResultNotRecordedError,
  ResultTooLargeError,
  StepNotRecordedError,
  StoreError,
  SupersededError,
} from '../../../lib/idempotency/errors.ts';
import { LeaseLostError, LockNotAcquiredError, PermitsMismatchError } from '../../../lib/locks/errors.ts';
import { requestFrom } from './front-door-events.ts';

const documentationUrl = 'https://example.com/docs';
const answerTo = (error: IdempotencyError) =>
  problemAnswer(error, requestFrom('http-api'), { documentationUrl });

const ERRORS: readonly IdempotencyError[] = [
  new KeyMissingError('Idempotency-Key'),
  new KeyInvalidError('The Idempotency-Key header is empty.'),
  new InProgressError(1200),
  new PayloadMismatchError(),
  new OutcomeUnknownError(),
  new SupersededError(1),
  new StoreError('Table secret-table is not there.', { cause: new Error('secret-cause') }),
  new ResultTooLargeError(),
  new ResultNotRecordedError('too-large'),
  new StepNotRecordedError('secret-step', 'too-large'),
  new CommitConditionError([{ index: 3, code: 'ConditionalCheckFailed' }]),
  new CommitInvalidError('Attribute "secret-attribute" has no form.', { cause: new Error('secret-cause') }),
  new LockNotAcquiredError({ retryAfterMs: 1200, cause: new Error('secret-cause') }),
  new LeaseLostError(),
  new PermitsMismatchError({ wanted: 2, found: 3 }),
  new ConfigurationError('secret-setting is missing.'),
];

describe('problem types', () => {
  test('are one for each error code, and part of the interface', () => {
    expect(Object.entries(PROBLEM_TYPES).map(([code, { type }]) => [code, type])).toEqual([
      ['KEY_MISSING', 'urn:lambda-idempotency:problem:key-missing'],
      ['KEY_INVALID', 'urn:lambda-idempotency:problem:key-invalid'],
      ['IN_PROGRESS', 'urn:lambda-idempotency:problem:in-progress'],
      ['PAYLOAD_MISMATCH', 'urn:lambda-idempotency:problem:payload-mismatch'],
      ['OUTCOME_UNKNOWN', 'urn:lambda-idempotency:problem:outcome-unknown'],
      ['SUPERSEDED', 'urn:lambda-idempotency:problem:superseded'],
      ['STORE_UNAVAILABLE', 'urn:lambda-idempotency:problem:store-unavailable'],
      ['RESULT_TOO_LARGE', 'urn:lambda-idempotency:problem:result-too-large'],
      ['RESULT_NOT_RECORDED', 'urn:lambda-idempotency:problem:result-not-recorded'],
      ['STEP_NOT_RECORDED', 'urn:lambda-idempotency:problem:step-not-recorded'],
      ['COMMIT_CONDITION_FAILED', 'urn:lambda-idempotency:problem:commit-condition-failed'],
      ['COMMIT_INVALID', 'urn:lambda-idempotency:problem:commit-invalid'],
      ['LOCK_NOT_ACQUIRED', 'urn:lambda-idempotency:problem:lock-not-acquired'],
      ['LEASE_LOST', 'urn:lambda-idempotency:problem:lease-lost'],
      ['PERMITS_MISMATCH', 'urn:lambda-idempotency:problem:permits-mismatch'],
      ['CONFIGURATION', 'urn:lambda-idempotency:problem:configuration'],
    ]);
    expect(ERRORS.map(({ code }) => code)).toEqual(Object.keys(PROBLEM_TYPES));
    expect(Object.isFrozen(PROBLEM_TYPES) && Object.values(PROBLEM_TYPES).every(Object.isFrozen)).toBe(true);
  });
});

describe('a problem answer', () => {
  test.each(ERRORS.map((error) => [error.code, error] as const))(
    '%s: is a problem document',
    (code, error) => {
      const answer = answerTo(error);
      expect(answer).toMatchObject({ statusCode: error.statusCode, isBase64Encoded: false });
      expect(answer.headers).toMatchObject({
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'no-store',
        Link: `<${documentationUrl}>; rel="help"`,
      });
      expect(JSON.parse(answer.body)).toEqual({
        ...PROBLEM_TYPES[code],
        status: error.statusCode,
        detail: expect.stringMatching(/^[A-Z].+\.$/),
        code,
      });
    },
  );

  test('tells the client its own mistakes, and nothing of the inside of the service', () => {
    for (const error of ERRORS) {
      const { detail } = JSON.parse(answerTo(error).body);
      expect(detail === error.message).toBe(error.expose);
      expect(detail).not.toContain('secret');
    }
  });

  test('has a neutral sentence for a server error that has none of its own', () => {
    const error = Object.assign(new PayloadMismatchError(), { statusCode: 500 });
    expect(JSON.parse(answerTo(error).body).detail).toBe('The service could not process this request.');
  });

  test.each([
    [1, '1'],
    [0, '1'],
    [-5, '1'],
    [1000, '1'],
    [1001, '2'],
    [29_999, '30'],
  ])('%s ms to wait are %s whole seconds, at least one and never too few', (retryAfterMs, seconds) => {
    expect(answerTo(new InProgressError(retryAfterMs)).headers).toMatchObject({ 'Retry-After': seconds });
  });

  test('says nothing of a retry where nothing is known of it', () => {
    for (const error of [new PayloadMismatchError(), new InProgressError(Number.NaN)]) {
      expect(answerTo(error).headers).not.toHaveProperty('Retry-After');
    }
  });

  test('describes a status that has no phrase by its number alone', () => {
    const error = Object.assign(new PayloadMismatchError(), { statusCode: 499 });
    expect(problemAnswer(error, requestFrom('alb'), { documentationUrl }).statusDescription).toBe('499');
  });

  test('takes the form that each front door reads', () => {
    const answer = (frontDoor: Parameters<typeof requestFrom>[0]) =>
      problemAnswer(new InProgressError(1), requestFrom(frontDoor), { documentationUrl });
    const members = { statusCode: 409, body: expect.any(String), isBase64Encoded: false };
    const headers = {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      Link: `<${documentationUrl}>; rel="help"`,
      'Retry-After': '1',
    };
    expect(answer('rest-api')).toEqual({ ...members, headers });
    expect(answer('http-api')).toEqual({ ...members, headers });
    expect(answer('alb')).toEqual({ ...members, statusDescription: '409 Conflict', headers });
    expect(answer('alb-multi-value')).toEqual({
      ...members,
      statusDescription: '409 Conflict',
      multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    });
  });
});
