/** What the recipes say beside their TypeScript, which readme.test.ts compiles. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import * as library from '../../lib/index.ts';

const FOLDER = new URL('../../docs/recipes/', import.meta.url);
const recipe = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8');

test.each(readdirSync(FOLDER))('the README links to %s', (name) => {
  expect(readFileSync(new URL('../../README.md', FOLDER), 'utf8')).toContain(`docs/recipes/${name}`);
});

test('the retries of Step Functions name every refusal that may succeed later, and no other', () => {
  const [, state = ''] =
    recipe('step-functions-and-direct-invocation.md').match(/```json\n([\s\S]*?)```/) ?? [];
  const retried: string[] = JSON.parse(state).Retry[0].ErrorEquals;
  const { InProgressError, SupersededError, StoreError } = library;
  const { PayloadMismatchError, OutcomeUnknownError, KeyInvalidError, KeyMissingError } = library;
  const { ConfigurationError, ResultTooLargeError, ResultNotRecordedError } = library;
  const { CommitConditionError, CommitInvalidError, StepNotRecordedError } = library;
  const errors = [
    new InProgressError(1),
    new SupersededError(1),
    new StoreError(''),
    new PayloadMismatchError(),
    new OutcomeUnknownError(),
    new KeyInvalidError(''),
    new KeyMissingError(''),
    new ConfigurationError(''),
    new ResultTooLargeError(),
    new ResultNotRecordedError('too-large'),
    new CommitConditionError([]),
    new CommitInvalidError(''),
    new StepNotRecordedError('charge', 'too-large'),
  ];
  const family = Object.keys(library).filter(
    (name) => /^[A-Z].*Error$/.test(name) && name !== 'IdempotencyError',
  );
  expect(errors.map(({ name }) => name).sort()).toEqual(family.sort());
  expect(retried).toEqual(
    errors
      .filter(({ retryable }) => retryable)
      .map(({ name }) => name)
      .sort(),
  );
});
