import { got, isSuccess, sameResult } from '../answers.ts';
import { type Check, passIf } from '../check.ts';
import type { Operation, Variation } from '../target.ts';

/** Stripe's limit, which most APIs have taken over. */
const KEY_MAX_LENGTH = 255;

export const KEY_SYNTAX: readonly Check[] = [
  {
    id: 'key-string',
    title: 'A key in double quotes, a structured-field string, is taken',
    level: 'draft',
    source: '2.1',
    judge: async (evidence) => {
      const { answer } = await evidence.single(({ key }) => ({ keyValue: `"${key}"` }));
      return passIf(isSuccess(answer), got(answer));
    },
  },
  {
    id: 'key-bare-is-quoted',
    title: 'A bare key is taken, and is the same key as the quoted one',
    level: 'profile',
    source: 'docs/conform.md',
    judge: async (evidence) => {
      const { operation, answer } = await evidence.single(({ key }) => ({ keyValue: key }));
      const quoted = await evidence.target.send(operation, { keyValue: `"${operation.key}"` });
      return passIf(sameResult(answer, quoted), `${got(answer)}, then ${got(quoted)}`);
    },
  },
  {
    id: 'header-case',
    title: 'The name of the header is case-insensitive',
    level: 'profile',
    source: 'RFC 9110, 5.1',
    judge: async (evidence) => {
      const { operation, answer } = await evidence.single(() => ({}));
      const { keyHeader } = evidence.target.settings;
      const again = await evidence.target.send(operation, { keyHeader: swapCase(keyHeader) });
      return passIf(sameResult(answer, again), `${got(answer)}, then ${got(again)}`);
    },
  },
  {
    id: 'key-longest',
    title: `A key of ${KEY_MAX_LENGTH} characters is taken`,
    level: 'profile',
    source: '5',
    judge: async (evidence) => {
      const { answer } = await evidence.single(({ key }) => ({
        keyValue: evidence.target.keyValueOf(key.padEnd(KEY_MAX_LENGTH, 'k')),
      }));
      return passIf(isSuccess(answer), got(answer));
    },
  },
  refused('key-too-long', `A key of ${KEY_MAX_LENGTH + 1} characters gets 400`, '5', ({ key }) => ({
    keyValue: `"${key.padEnd(KEY_MAX_LENGTH + 1, 'k')}"`,
  })),
  refused('key-empty', 'An empty key gets 400', '5', () => ({ keyValue: '""' })),
  refused('key-unclosed', 'A quoted key that is not closed gets 400', '2.1', ({ key }) => ({
    keyValue: `"${key}`,
  })),
  refused('key-not-ascii', 'A key outside printable ASCII gets 400', '2.1', ({ key }) => ({
    keyValue: `"${key}-\u00e9"`,
  })),
  refused('key-repeated', 'Two keys in one request get 400', '2.1', ({ key }) => ({
    keyValue: [`"${key}"`, `"${key}-other"`],
  })),
];

function refused(
  id: string,
  title: string,
  source: string,
  vary: (operation: Operation) => Variation,
): Check {
  return {
    id,
    title,
    level: 'profile',
    source,
    judge: async (evidence) => {
      const { answer } = await evidence.single(vary);
      return passIf(answer.status === 400, got(answer));
    },
  };
}

function swapCase(text: string): string {
  return text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
