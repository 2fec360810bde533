/** Results of a shape that JSON, and so the Lambda runtime, has no trouble with, or that are large. */
import { randomBytes } from 'node:crypto';
import type { Scenario } from '../scenario.ts';

const NOT_MARSHALLED =
  'The peer marshalls the result into DynamoDB types, which refuse this value; its documentation asks for a result that is JSON. The handler has run by then, so its caller gets an error for work that is done.';

/** DynamoDB refuses items over 400 KB. */
const TOO_LARGE_BYTES = 410 * 1024;
const LARGE_BYTES = 300 * 1024;
/** Of more than 400 KB when compressed, too. */
const PICTURE = randomBytes(TOO_LARGE_BYTES).toString('base64');

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  toJSON(): string {
    return (this.#cents / 100).toFixed(2);
  }
}

function resultScenario(
  id: string,
  title: string,
  resultOf: (run: number) => unknown,
  remark: string,
): Scenario {
  return {
    id,
    title: `Result: ${title}`,
    story: 'The handler returns it, and the client sends the request again.',
    runsAllowed: 1,
    remark,
    async play(lab) {
      const work = async (run: number) => resultOf(run);
      await lab.send('first request', { must: 'result', work });
      await lab.send('retry', { must: 'result', isRetry: true, work });
    },
  };
}

const asBody = (run: number, content: object) => ({
  statusCode: 201,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ run, ...content }),
});

export const RESULTS: readonly Scenario[] = [
  resultScenario(
    'result-json-body',
    'an HTTP answer with all of the below in its JSON body',
    (run) => asBody(run, { note: undefined, addedAt: new Date(0), price: new Money(990), rate: Number.NaN }),
    'The remedy for the next four: an answer whose body is a string already. Both are right.',
  ),
  resultScenario(
    'result-undefined-member',
    'an object with an undefined member',
    (run) => ({ run, note: undefined }),
    NOT_MARSHALLED,
  ),
  resultScenario(
    'result-date',
    'an object with a date',
    (run) => ({ run, addedAt: new Date(0) }),
    NOT_MARSHALLED,
  ),
  resultScenario(
    'result-class-instance',
    'an object with an instance of a class',
    (run) => ({ run, price: new Money(990) }),
    NOT_MARSHALLED,
  ),
  resultScenario('result-nan', 'an object with NaN', (run) => ({ run, rate: Number.NaN }), NOT_MARSHALLED),
  resultScenario(
    'result-undefined',
    '`undefined`',
    () => undefined,
    'Documented for the middleware of the peer: it cannot replay `undefined`, and its wrapper should be used, which is right.',
  ),
  resultScenario(
    'result-300-kb',
    'an HTTP answer of 300 KB',
    (run) => asBody(run, { pad: 'x'.repeat(LARGE_BYTES) }),
    'Both are right.',
  ),
  resultScenario(
    'result-over-400-kb',
    'an HTTP answer of 550 KB that does not compress',
    (run) => asBody(run, { picture: PICTURE }),
    'DynamoDB holds items of at most 400 KB. Here the answer lies beside the record, in items of its own. The peer documents the limit ("otherwise your function will fail") and recommends its cache persistence layer for larger results.',
  ),
];
