/**
 * No request takes more than linear time. Not a claim of speed: what is compared is the work for a request with the work
 * for one that is 16 times as large, up to what Lambda lets through. Linear work grows 16 times, quadratic work 256 times,
 * and the bound lies in between.
 *
 * Work is the processor time of this process and not time on the clock, which a busy machine stretches at will.
 */
import { describe, expect, jest, test } from '@jest/globals';
import { idempotent, MemoryStore } from '../../lib/index.ts';
import { albEvent, httpApiEvent, restApiEvent } from '../unit/http/front-door-events.ts';
import { type Members, multipleHeaders, singleHeaders } from './front-doors.ts';

// Linear work is done within seconds; this is for the day on which some of it is not.
jest.setTimeout(600_000);

const SIZES = [2_000, 32_000, 512_000] as const;
const GROWTH_MAX = 100;
/** "Invocation payload (request), 6 MB" (Lambda quotas): nothing larger comes. */
const EVENT_MAX_CHARACTERS = 6 * 2 ** 20;
/** Below this, what is measured is the clock. */
const MEASURABLE_MS = 1;
/** The least of some measurements has the least of other people's garbage collected in it; a large one has enough work. */
const triesFor = (size: number) => (size > 100_000 ? 1 : 3);

/** Of some length, so that the most of them that Lambda lets through are not ten times as many as they are in truth. */
const HEADER_VALUE = 'x'.repeat(16);

type Shape = readonly [name: string, event: (size: number) => Members];

const SHAPES: readonly Shape[] = [
  ['the length of the key', (n) => http(singleHeaders({ 'idempotency-key': '\\'.repeat(n) }))],
  ['the length of a quoted key', (n) => http(singleHeaders({ 'idempotency-key': `"${'\\'.repeat(n)}` }))],
  ['the white space around a key', (n) => http(singleHeaders({ 'idempotency-key': `a${' \t'.repeat(n)}a` }))],
  ['the number of keys', (n) => http(singleHeaders({ 'idempotency-key': Array(n).fill('x') }))],
  [
    'the length of the content type',
    (n) => http(singleHeaders({ 'content-type': `a/${'+json'.repeat(n)}x` })),
  ],
  [
    'the parameters of the content type',
    (n) => http(singleHeaders({ 'content-type': `a/b${' ; a'.repeat(n)}` })),
  ],
  ['the number of headers', (n) => http(singleHeaders(many(n, (index) => [`x-${index}`, HEADER_VALUE])))],
  ['the spellings of one header', (n) => http(singleHeaders(spellings(n)))],
  ['the number of values of one header', (n) => http(singleHeaders({ 'x-other': Array(n).fill('x') }))],
  [
    'the number of multi-value headers',
    (n) => rest(multipleHeaders(many(n, (index) => [`x-${index}`, HEADER_VALUE]))),
  ],
  ['the number of query parameters', (n) => http({ rawQueryString: 'a=%20&b+=1&'.repeat(n) })],
  ['broken escapes in the query', (n) => http({ rawQueryString: `a=${'%'.repeat(n)}` })],
  ['query parameters without values', (n) => http({ rawQueryString: '='.repeat(n) })],
  [
    'the number of query parameters of a REST API',
    (n) => rest({ multiValueQueryStringParameters: many(n, (index) => [`q${index}`, ['x', 'y']]) }),
  ],
  [
    'the values of one query parameter of a REST API',
    (n) => rest({ multiValueQueryStringParameters: { q: Array(n).fill('x') } }),
  ],
  [
    'the number of query parameters of a load balancer',
    (n) => loadBalanced({ queryStringParameters: many(n, (index) => [`q%20${index}`, '%41%zz']) }),
  ],
  ['the length of the path', (n) => http({ rawPath: '/a'.repeat(n) })],
  ['the length of a JSON body', (n) => http({ body: `[${'{"b":1,"a":2},'.repeat(n)}0]` })],
  ['the members of a JSON body', (n) => http({ body: JSON.stringify(many(n, (i) => [`m${i}`, i])) })],
  ['the depth of a JSON body', (n) => http({ body: '['.repeat(n) + ']'.repeat(n) })],
  ['a JSON body of backslashes', (n) => http({ body: JSON.stringify('\\'.repeat(n)) })],
  ['a JSON body of lone surrogates', (n) => http({ body: `["${'\\ud800'.repeat(n)}"]` })],
  ['a body that is nearly JSON', (n) => http({ body: '{"a":'.repeat(n) })],
  ['a base64 body', (n) => http({ body: 'YWJj'.repeat(n), isBase64Encoded: true })],
  ['a body that is nearly base64', (n) => http({ body: `${'YWJj'.repeat(n)}YW-j`, isBase64Encoded: true })],
  ['the padding of a base64 body', (n) => http({ body: '===='.repeat(n), isBase64Encoded: true })],
  ['a body that was parsed before', (n) => http({ body: many(n, (index) => [`m${index}`, [index]]) })],
  [
    'the depth of a body that was parsed before',
    (n) => http({ body: JSON.parse(`${'['.repeat(n)}${']'.repeat(n)}`) }),
  ],
  ['the ARN of a caller', (n) => http(caller({ iam: { userArn: `${':assumed-role'.repeat(n)}/` } }))],
  [
    'the slashes in the ARN of a caller',
    (n) => http(caller({ iam: { userArn: ':assumed-role/'.repeat(n) } })),
  ],
  ['the id of a caller', (n) => http(caller({ iam: { userId: `AROA${'AROA'.repeat(n)}` } }))],
  [
    'the subject of a caller',
    (n) => http(caller({ jwt: { claims: { iss: 'i'.repeat(n), sub: '"'.repeat(n) } } })),
  ],
  ['the claims of a caller', (n) => http(caller({ lambda: many(n, (index) => [`c${index}`, 'x']) }))],
  [
    'the OIDC identity of a caller',
    (n) => loadBalanced(singleHeaders({ 'x-amzn-oidc-identity': 'i'.repeat(n) })),
  ],
];

describe('the work for a request', () => {
  test.each(SHAPES)('grows with %s no more than linearly', async (_name, eventOf) => {
    let smallerMs: number | undefined;
    for (const size of SIZES) {
      const event = eventOf(size);
      if (charactersOf(event) > EVENT_MAX_CHARACTERS) break;
      const ms = Math.max(await leastProcessorMs(event, triesFor(size)), MEASURABLE_MS);
      // Step by step, so that what is not linear shows itself while it is small.
      if (smallerMs !== undefined) expect(ms / smallerMs).toBeLessThan(GROWTH_MAX);
      smallerMs = ms;
    }
    expect(smallerMs).toBeDefined();
  });
});

async function leastProcessorMs(event: Members, triesMax: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < triesMax; tries++) {
    const guarded = idempotent<unknown, unknown, undefined>(async () => ({ statusCode: 200 }), {
      store: new MemoryStore(),
      namespace: 'linear-time',
      onEvent: () => {},
    });
    const before = process.cpuUsage();
    await guarded(event, undefined);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** About as many as the event has as JSON. Counted without recursion, which some of these events are too deep for. */
function charactersOf(event: Members): number {
  let characters = 0;
  const rest: unknown[] = [event];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        characters += name.length;
        rest.push(member);
      }
    }
    characters += String(typeof value === 'string' ? value : '..').length;
  }
  return characters;
}

function many(count: number, entry: (index: number) => readonly [string, unknown]): Members {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)));
}

/** `a` and `A` in the places of binary digits: as many spellings of one name as are asked for. */
function spellings(count: number): Members {
  return many(count, (index) => [
    index.toString(2).padStart(20, '0').replaceAll('0', 'a').replaceAll('1', 'A'),
    'x',
  ]);
}

function http(members: Members): Members {
  return httpApiEvent({ ...singleHeaders({}), ...members });
}

function rest(members: Members): Members {
  return restApiEvent({ ...singleHeaders({}), ...multipleHeaders({}), ...members });
}

function loadBalanced(members: Members): Members {
  return albEvent({ ...singleHeaders({}), ...members });
}

function caller(authorizer: object): Members {
  return { requestContext: { http: { method: 'POST', path: '/' }, authorizer } };
}
