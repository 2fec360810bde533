import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FrontDoor } from '../../../lib/http/http-request.ts';
import { recordAnswer, withoutBody } from '../../../lib/http/recorded-answer.ts';
import { type ReplayStatus, replayAnswer } from '../../../lib/http/replayed-answer.ts';
import type { RecordedResult } from '../../../lib/stores/idempotency-store.ts';
import { FRONT_DOORS, requestFrom } from './front-door-events.ts';

const documentationUrl = 'https://example.com/docs';

const replayed = (result: RecordedResult, frontDoor: FrontDoor, replayStatus: ReplayStatus = 'ok'): unknown =>
  replayAnswer(result, requestFrom(frontDoor), { replayStatus, documentationUrl });

const roundTrip = (answer: unknown, frontDoor: FrontDoor, replayStatus?: ReplayStatus): unknown =>
  replayed(recordAnswer(answer), frontDoor, replayStatus);

/** The members of an answer; a replay is `unknown`, as handlers may return anything. */
function members(answer: unknown): Readonly<Record<string, unknown>> {
  if (typeof answer !== 'object' || answer === null) throw new Error('The replay is no object.');
  return { ...answer };
}

describe('status', () => {
  test.each(FRONT_DOORS)('%s: a recorded 201 is a 200, or stays a 201', (frontDoor) => {
    expect(roundTrip({ statusCode: 201 }, frontDoor, 'ok')).toMatchObject({ statusCode: 200 });
    expect(roundTrip({ statusCode: '201' }, frontDoor, 'ok')).toMatchObject({ statusCode: 200 });
    expect(roundTrip({ statusCode: 201 }, frontDoor, 'original')).toMatchObject({ statusCode: 201 });
  });

  test.each([200, 202, 204, 303, 404, 422, '202'])('%s stays what it was in both modes', (statusCode) => {
    expect(roundTrip({ statusCode }, 'rest-api', 'ok')).toMatchObject({ statusCode });
    expect(roundTrip({ statusCode }, 'rest-api', 'original')).toMatchObject({ statusCode });
  });

  test('the description of a load balancer answer goes with it', () => {
    const answer = { statusCode: 201, statusDescription: '201 Created', body: '' };
    expect(roundTrip(answer, 'alb', 'ok')).toMatchObject({ statusCode: 200, statusDescription: '200 OK' });
    expect(roundTrip(answer, 'alb', 'original')).toMatchObject({ statusDescription: '201 Created' });
    expect(roundTrip({ statusCode: 201 }, 'alb', 'ok')).not.toHaveProperty('statusDescription');
  });
});

describe('headers', () => {
  test.each(['rest-api', 'http-api', 'alb'] as const)('%s: a replay says that it is one', (frontDoor) => {
    for (const headers of [undefined, null, {}]) {
      expect(members(roundTrip({ statusCode: 200, headers }, frontDoor))['headers']).toEqual({
        'Idempotent-Replayed': 'true',
      });
    }
  });

  test('a target group with multi-value headers reads no others', () => {
    const answer = { statusCode: 200, multiValueHeaders: { Vary: ['a', 'b'] }, body: '' };
    expect(roundTrip(answer, 'alb-multi-value')).toEqual({
      ...answer,
      multiValueHeaders: { Vary: ['a', 'b'], 'Idempotent-Replayed': ['true'] },
    });
  });

  test('multi-value headers of a REST API come back beside the added one', () => {
    const answer = { statusCode: 200, multiValueHeaders: { Link: ['<a>', '<b>'] }, body: '' };
    expect(roundTrip(answer, 'rest-api')).toEqual({ ...answer, headers: { 'Idempotent-Replayed': 'true' } });
  });

  test('a record that carries the header, or cookies, from elsewhere does not bring them back', () => {
    const json = JSON.stringify({
      statusCode: 200,
      headers: { 'idempotent-replayed': 'false', 'IDEMPOTENT-REPLAYED': 'no', 'set-cookie': 'a=b' },
      multiValueHeaders: { 'idempotent-Replayed': ['x'] },
      cookies: ['a=b'],
    });
    expect(replayed({ kind: 'json', json }, 'rest-api')).toEqual({
      statusCode: 200,
      headers: { 'Idempotent-Replayed': 'true' },
      multiValueHeaders: {},
    });
  });

  test('cookies are not replayed', () => {
    const answer = { statusCode: 200, headers: { 'Set-Cookie': 'a=b' }, cookies: ['a=b'], body: 'x' };
    expect(roundTrip(answer, 'http-api')).toEqual({
      statusCode: 200,
      headers: { 'Idempotent-Replayed': 'true' },
      body: 'x',
    });
  });
});

describe('body', () => {
  test.each(FRONT_DOORS)('%s: binary, empty and missing bodies come back as they were', (frontDoor) => {
    const binary = { body: Buffer.from([0, 255]).toString('base64'), isBase64Encoded: true };
    for (const body of [binary, { body: '' }, { body: null }, {}]) {
      const {
        statusCode: _status,
        headers: _headers,
        multiValueHeaders: _multi,
        ...rest
      } = members(roundTrip({ statusCode: 200, ...body }, frontDoor));
      expect(rest).toEqual(body);
    }
  });

  test('an answer comes back as JSON would have sent it, apart from the header', () => {
    const answer = fc.record(
      {
        statusCode: fc.integer({ min: 202, max: 499 }),
        headers: fc.dictionary(
          fc.string().map((name) => `x-${name}`),
          fc.oneof(fc.string(), fc.integer(), fc.boolean()),
        ),
        body: fc.anything({ withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
        isBase64Encoded: fc.boolean(),
        extra: fc.anything({ withDate: true, withSet: true }),
      },
      { requiredKeys: ['statusCode'] },
    );
    fc.assert(
      fc.property(answer, fc.constantFrom('rest-api', 'http-api', 'alb'), (original, frontDoor) => {
        const sent = members(JSON.parse(JSON.stringify(original)));
        expect(roundTrip(original, frontDoor)).toEqual({
          ...sent,
          headers: { ...original.headers, 'Idempotent-Replayed': 'true' },
        });
      }),
    );
  });

  test('dates, NaN, undefined members, class instances and unsafe integers are no obstacle', () => {
    class Line {
      readonly sku = 'a-1';
      private readonly quantity = 2;
      total(): number {
        return this.quantity;
      }
    }
    const value = {
      at: new Date(0),
      ratio: Number.NaN,
      missing: undefined,
      line: new Line(),
      big: 2 ** 53 + 2,
      list: [undefined, new Map([['a', 1]])],
    };
    expect(roundTrip({ statusCode: 202, value }, 'rest-api')).toEqual({
      ...JSON.parse(JSON.stringify({ statusCode: 202, value })),
      headers: { 'Idempotent-Replayed': 'true' },
    });
    expect(JSON.parse(String(members(roundTrip(value, 'http-api'))['body']))).toEqual(
      JSON.parse(JSON.stringify(value)),
    );
  });
});

describe('results that are no answer', () => {
  test.each([
    ['an object', { b: 1, a: new Date(0) }, '{"b":1,"a":"1970-01-01T00:00:00.000Z"}'],
    ['a text, which stands as it is', 'created', 'created'],
    ['a number', 7, '7'],
    ['null', null, 'null'],
    ['undefined, for which the runtime sends null', undefined, 'null'],
  ])('format 2.0 makes a 200 of %s, and so does a replay', (_name, result, body) => {
    expect(roundTrip(result, 'http-api')).toEqual({
      statusCode: 200,
      headers: { 'Content-Type': 'application/json', 'Idempotent-Replayed': 'true' },
      body,
      isBase64Encoded: false,
    });
  });

  test.each(['rest-api', 'alb', 'alb-multi-value'] as const)(
    '%s: they come back as they were',
    (frontDoor) => {
      for (const result of [undefined, null, 'created', 7, { body: 'x' }, []]) {
        expect(roundTrip(result, frontDoor)).toEqual(result);
      }
    },
  );

  test.each(FRONT_DOORS)('%s: so do answers that the front door cannot read', (frontDoor) => {
    const member = frontDoor === 'alb-multi-value' ? 'multiValueHeaders' : 'headers';
    for (const result of [{ statusCode: 'abc' }, { statusCode: 200, [member]: 'text' }]) {
      expect(roundTrip(result, frontDoor)).toEqual(result);
    }
  });
});

describe('a result that could not be recorded', () => {
  test.each(FRONT_DOORS)('%s: is a success that says so', (frontDoor) => {
    const recorded = withoutBody(recordAnswer({ statusCode: 201, body: 'x' }));
    const answer = members(replayed(recorded, frontDoor));
    const headers = {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      Link: `<${documentationUrl}>; rel="help"`,
      'Idempotent-Replayed': 'true',
    };
    expect(answer).toMatchObject(
      frontDoor === 'alb-multi-value'
        ? {
            multiValueHeaders: Object.fromEntries(
              Object.entries(headers).map(([name, value]) => [name, [value]]),
            ),
          }
        : { headers },
    );
    expect(answer['statusCode']).toBe(200);
    expect(JSON.parse(String(answer['body']))).toEqual({
      type: 'urn:lambda-idempotency:problem:result-not-recorded',
      title: 'Result not recorded',
      status: 200,
      detail: expect.stringMatching(/took effect.*too large.*not run again/),
      code: 'RESULT_NOT_RECORDED',
    });
  });

  test.each([
    ['{"statusCode":201}', 'ok', 200],
    ['{"statusCode":201}', 'original', 201],
    ['{"statusCode":202}', 'ok', 202],
    ['{"statusCode":404}', 'ok', 404],
    ['{"statusCode":204}', 'ok', 200],
    ['{"statusCode":205}', 'ok', 200],
    ['{"statusCode":303}', 'ok', 200],
    ['{"statusCode":103}', 'ok', 200],
    ['{"statusCode":"x"}', 'ok', 200],
    ['{', 'ok', 200],
    [undefined, 'ok', 200],
  ] as const)('with %s left of it, in mode %s, is a %s', (remainderJson, replayStatus, status) => {
    const result: RecordedResult = {
      kind: 'omitted',
      reason: 'not-serializable',
      ...(remainderJson === undefined ? {} : { remainderJson }),
    };
    const answer = members(replayed(result, 'http-api', replayStatus));
    expect(answer['statusCode']).toBe(status);
    expect(JSON.parse(String(answer['body']))).toMatchObject({ status });
  });
});

test('a recorded result that is lost says so, with the status that is left of it', () => {
  const lost: RecordedResult = { kind: 'omitted', reason: 'lost', remainderJson: '{"statusCode":202}' };
  const answer = members(replayed(lost, 'http-api'));
  expect(answer['statusCode']).toBe(202);
  const { code, detail } = JSON.parse(String(answer['body']));
  expect(code).toBe('RESULT_NOT_RECORDED');
  expect(detail).toMatch(/took effect .* can no longer be read .* not run again/);
});

test('a refusal that could not be recorded is not passed off as an effect', () => {
  const recorded = withoutBody(recordAnswer({ statusCode: 404, body: 'x' }));
  const { detail } = JSON.parse(String(members(replayed(recorded, 'http-api'))['body']));
  expect(detail).toMatch(/answered with this status.*not run again/);
  expect(detail).not.toMatch(/took effect/);
});

test('each replay is an object of its own', () => {
  const recorded = recordAnswer({ statusCode: 200, headers: { Vary: 'a' }, body: 'x' });
  const first = members(replayed(recorded, 'rest-api'));
  const second = members(replayed(recorded, 'rest-api'));
  expect(first).toEqual(second);
  expect(first['headers']).not.toBe(second['headers']);
});
