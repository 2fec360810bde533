import { expect, test } from '@jest/globals';
import { ConfigurationError } from '../../../lib/idempotency/errors.ts';
import { rejectUnknown } from '../../../lib/idempotency/unknown-options.ts';

const KNOWN = ['store', 'namespace'];
const said = (options: object, more?: { readonly of?: string; readonly hint?: string }) => {
  try {
    rejectUnknown(options, KNOWN, more);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  return undefined;
};

test('options that are known are let through', () => {
  expect(said({ store: 1, namespace: undefined })).toBeUndefined();
  expect(said({})).toBeUndefined();
});

test('the first that is not known is named, with all that are', () => {
  expect(said({ store: 1, stor: 2, spaec: 3 })).toBe(
    'Unknown option "stor". The options are: store, namespace.',
  );
});

test('and whose options they are, and what may help', () => {
  expect(said({ stor: 2 }, { of: 'Table', hint: 'It has no stor.' })).toBe(
    'Unknown option "stor" of Table. The options are: store, namespace. It has no stor.',
  );
});
