import { describe, expect, test } from '@jest/globals';
import * as errors from '../../../lib/idempotency/errors.ts';

const { IdempotencyError, isIdempotencyError, ResultNotRecordedError, StoreError } = errors;

const cause = new Error('what came first');

/** How each error is made, in a test and not before, and what its caller can rely on. */
const FAMILY = [
  [() => new errors.KeyMissingError('Idempotency-Key'), 'KeyMissingError', 'KEY_MISSING', 400, false],
  [() => new errors.KeyInvalidError('The key is too long.'), 'KeyInvalidError', 'KEY_INVALID', 400, false],
  [() => new errors.InProgressError(3000), 'InProgressError', 'IN_PROGRESS', 409, true],
  [() => new errors.PayloadMismatchError(), 'PayloadMismatchError', 'PAYLOAD_MISMATCH', 422, false],
  [() => new errors.OutcomeUnknownError(), 'OutcomeUnknownError', 'OUTCOME_UNKNOWN', 409, false],
  [() => new errors.SupersededError(3000), 'SupersededError', 'SUPERSEDED', 409, true],
  [() => new StoreError('The table is asleep.'), 'StoreError', 'STORE_UNAVAILABLE', 503, true],
  [() => new errors.ResultTooLargeError(), 'ResultTooLargeError', 'RESULT_TOO_LARGE', 500, false],
  [
    () => new errors.StepNotRecordedError('charge', 'not-serializable'),
    'StepNotRecordedError',
    'STEP_NOT_RECORDED',
    500,
    false,
  ],
  [() => new errors.CommitConditionError([]), 'CommitConditionError', 'COMMIT_CONDITION_FAILED', 409, false],
  [
    () => new errors.CommitInvalidError('Two writes to one item.'),
    'CommitInvalidError',
    'COMMIT_INVALID',
    500,
    false,
  ],
  [
    () => new ResultNotRecordedError('too-large'),
    'ResultNotRecordedError',
    'RESULT_NOT_RECORDED',
    500,
    false,
  ],
  [
    () => new errors.ConfigurationError('No table is named.'),
    'ConfigurationError',
    'CONFIGURATION',
    500,
    false,
  ],
] as const;

describe.each(FAMILY.map(([make, name, ...traits]) => [name, make, ...traits] as const))(
  '%s',
  (name, make, code, statusCode, retryable) => {
    test('says what a program needs: name, code, status, whether to try again', () => {
      const error = make();
      expect(error).toBeInstanceOf(IdempotencyError);
      expect(error).toMatchObject({ name, code, statusCode, retryable });
    });

    test('says what a person needs, in full sentences', () => {
      expect(make().message).toMatch(/^[A-Z].+\.$/);
    });

    test('may be shown to the caller exactly where it is the caller’s to mend', () => {
      expect(make().expose).toBe(statusCode < 500);
    });

    test('is recognised as one of the family, also when another copy of the package has made it', () => {
      expect(isIdempotencyError(make())).toBe(true);
      expect(isIdempotencyError(Object.assign(new Error('x'), { code, statusCode, retryable }))).toBe(true);
    });
  },
);

test('every error of the family is in the list above', () => {
  const classes = Object.keys(errors).filter(
    (name) => name.endsWith('Error') && !/^(is|Idempotency)/.test(name),
  );
  expect(FAMILY.map(([, name]) => name).sort()).toEqual(classes.sort());
});

describe('the time to come again', () => {
  test('is the one that is known', () => {
    expect(new errors.InProgressError(3000).retryAfterMs).toBe(3000);
    expect(new errors.SupersededError(0).retryAfterMs).toBe(0);
    expect(new StoreError('Throttled.', { retryAfterMs: 50 }).retryAfterMs).toBe(50);
  });

  test('is a second for a store of which nothing is known', () => {
    expect(new StoreError('Down.').retryAfterMs).toBe(1000);
  });

  test('is none where a retry makes no sense', () => {
    expect(new errors.PayloadMismatchError().retryAfterMs).toBeUndefined();
  });
});

describe('the cause', () => {
  test('is kept', () => {
    expect(new StoreError('Down.', { cause }).cause).toBe(cause);
    expect(new errors.ResultTooLargeError({ cause }).cause).toBe(cause);
    expect(new errors.ConfigurationError('Wrong.', { cause }).cause).toBe(cause);
  });

  test('is no member where there is none', () => {
    expect(new StoreError('Down.')).not.toHaveProperty('cause');
  });
});

test('a missing key is said with the name of the header that is missing', () => {
  expect(new errors.KeyMissingError('X-Order').message).toContain('X-Order');
});

test('a result that could not be kept is said with the reason', () => {
  expect(new ResultNotRecordedError('too-large')).toMatchObject({
    reason: 'too-large',
    message: expect.stringContaining('too large'),
  });
  expect(new ResultNotRecordedError('not-serializable')).toMatchObject({
    reason: 'not-serializable',
    message: expect.stringContaining('not serializable'),
  });
  expect(new ResultNotRecordedError('lost')).toMatchObject({
    reason: 'lost',
    message: expect.stringContaining('can no longer be read'),
  });
});

test('a result of a step that could not be kept is said with the step and the reason', () => {
  expect(new errors.StepNotRecordedError('charge', 'too-large').message).toBe(
    'The result of step "charge" does not fit into the idempotency record, which takes 400 KB with all steps together. Return an id, and put the rest elsewhere.',
  );
  expect(new errors.StepNotRecordedError('charge', 'not-serializable')).toMatchObject({
    reason: 'not-serializable',
    message:
      'The result of step "charge" has no JSON and cannot be recorded. Return plain data, without bigints and cycles.',
  });
});

describe('an error of a lock', () => {
  const ofCode = (code: errors.IdempotencyErrorCode) =>
    new IdempotencyError('Told by a lock.', { code, statusCode: 409, retryable: false });

  test.each(['LOCK_NOT_ACQUIRED', 'LEASE_LOST', 'PERMITS_MISMATCH'] as const)('is one with %s', (code) => {
    expect(errors.isLockError(ofCode(code))).toBe(true);
  });

  test('is no other one of the family, and nothing from elsewhere', () => {
    expect(errors.isLockError(ofCode('IN_PROGRESS'))).toBe(false);
    expect(errors.isLockError(Object.assign(new Error('x'), { code: 'LEASE_LOST' }))).toBe(false);
    expect(errors.isLockError(undefined)).toBe(false);
  });
});

describe('what is not of the family', () => {
  const traits = { code: 'IN_PROGRESS', statusCode: 409, retryable: true };
  test.each([
    ['an error with a code of somebody else’s', Object.assign(new Error('x'), { ...traits, code: 'ENOENT' })],
    ['an error whose code is a number', Object.assign(new Error('x'), { ...traits, code: 11000 })],
    [
      'an error with such a code and no status',
      Object.assign(new Error('x'), { ...traits, statusCode: '409' }),
    ],
    [
      'an error that does not say whether to retry',
      Object.assign(new Error('x'), { ...traits, retryable: 1 }),
    ],
    ['an object that looks like one', traits],
    ['nothing', undefined],
  ])('%s', (_, value) => {
    expect(isIdempotencyError(value)).toBe(false);
  });
});
