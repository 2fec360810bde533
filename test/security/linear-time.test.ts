import { describe, expect, test } from '@jest/globals';
import { httpApiEvent } from '../unit/http/front-door-events.ts';
import { type Members, sendTwice, singleHeaders } from './send-twice.ts';

describe('time', () => {
  const SMALL = 2_000;
  const TIMES_LARGER = 16;
  /**
   * Linear work takes 16 times as long, quadratic work 256 times. In between is room for a busy machine, and what is
   * too short to be measured counts as a millisecond.
   */
  const RATIO_MAX = 100;
  const MEASURABLE_MS = 1;
  const TRIES = 3;

  const many = (count: number, entry: (index: number) => readonly [string, unknown]): Members =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)));

  test.each<readonly [string, (size: number) => Members]>([
    ['the length of the key', (n) => singleHeaders({ 'idempotency-key': '\\'.repeat(n) })],
    ['the length of a quoted key', (n) => singleHeaders({ 'idempotency-key': `"${'\\'.repeat(n)}` })],
    ['the white space around a key', (n) => singleHeaders({ 'idempotency-key': `a${' \t'.repeat(n)}a` })],
    ['the length of the content type', (n) => singleHeaders({ 'content-type': `a/${'+json'.repeat(n)}x` })],
    ['the number of headers', (n) => singleHeaders(many(n, (index) => [`x-${index}`, 'x']))],
    ['the number of values of one header', (n) => singleHeaders({ 'x-other': Array(n).fill('x') })],
    ['the number of query parameters', (n) => ({ rawQueryString: 'a=%20&b+=1&'.repeat(n) })],
    ['broken escapes in the query', (n) => ({ rawQueryString: `a=${'%'.repeat(n)}` })],
    ['the length of the path', (n) => ({ rawPath: '/a'.repeat(n) })],
    ['the length of a JSON body', (n) => ({ body: `[${'{"b":1,"a":2},'.repeat(n)}0]` })],
    ['the members of a JSON body', (n) => ({ body: JSON.stringify(many(n, (i) => [`m${i}`, i])) })],
    ['the depth of a JSON body', (n) => ({ body: '['.repeat(n) + ']'.repeat(n) })],
    ['a JSON body of backslashes', (n) => ({ body: JSON.stringify('\\'.repeat(n)) })],
    ['a base64 body', (n) => ({ body: 'YWJj'.repeat(n), isBase64Encoded: true })],
    ['a body that is nearly base64', (n) => ({ body: `${'YWJj'.repeat(n)}YW-j`, isBase64Encoded: true })],
    ['a body that was parsed before', (n) => ({ body: many(n, (index) => [`m${index}`, [index]]) })],
    ['the ARN of a caller', (n) => callerContext({ iam: { userArn: `${':assumed-role'.repeat(n)}/` } })],
    [
      'the slashes in the ARN of a caller',
      (n) => callerContext({ iam: { userArn: ':assumed-role/'.repeat(n) } }),
    ],
    ['the id of a caller', (n) => callerContext({ iam: { userId: `AROA${'AROA'.repeat(n)}` } })],
  ])('grows with %s no more than linearly', async (_name, membersOf) => {
    const small = httpApiEvent({ ...singleHeaders({}), ...membersOf(SMALL) });
    const large = httpApiEvent({ ...singleHeaders({}), ...membersOf(SMALL * TIMES_LARGER) });
    const smallMs = Math.max(await fastestMs(small), MEASURABLE_MS);
    expect((await fastestMs(large)) / smallMs).toBeLessThan(RATIO_MAX);
  });

  function callerContext(authorizer: object): Members {
    return { requestContext: { http: { method: 'POST', path: '/' }, authorizer } };
  }

  /** The fastest of some tries is the one that the rest of the machine disturbed least. */
  async function fastestMs(event: Members): Promise<number> {
    let fastest = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < TRIES; tries++) {
      const started = performance.now();
      await sendTwice(event);
      fastest = Math.min(fastest, performance.now() - started);
    }
    return fastest;
  }
});
