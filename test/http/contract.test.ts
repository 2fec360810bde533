import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { exchange } from '../support/http-exchange.ts';
import { describeWithDemoHeaders, newLine, useSampleApi } from './sample-api.ts';

const api = useSampleApi();

const PROBLEM = /^application\/problem\+json/;
const LIBRARY_PROBLEM = 'urn:lambda-idempotency:problem:';

describe('a first request', () => {
  test('adds the line and answers 201 with it and its place', async () => {
    const line = newLine();
    const response = await api().add({ key: randomUUID(), body: line });
    expect(response.status).toBe(201);
    expect(response.headers['content-type']).toMatch(/^application\/json/);
    expect(response.headers.location).toBe(`/cart/${line.cartId}`);
    expect(response.headers['idempotent-replayed']).toBeUndefined();
    expect(response.json()).toEqual({
      ...line,
      lineId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      addedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    expect(await api().lines(line.cartId)).toEqual([response.json()]);
  });

  test('is taken with a body that is not called JSON but is', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const response = await api().add({ key: randomUUID(), body: newLine(), headers });
    expect(response.status).toBe(201);
  });
});

describe('a duplicate of a completed request', () => {
  test('gets 200, the recorded headers and body, and Idempotent-Replayed', async () => {
    const key = randomUUID();
    const line = newLine();
    const first = await api().add({ key, body: line });
    const second = await api().add({ key, body: line });
    expect(second.status).toBe(200);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.headers.location).toBe(first.headers.location);
    expect(second.headers['content-type']).toBe(first.headers['content-type']);
    expect(second.body).toBe(first.body);
    expect(await api().lines(line.cartId)).toHaveLength(1);
  });

  test('is one also when its JSON is spelled otherwise, its header cased otherwise and its key quoted', async () => {
    const key = randomUUID();
    const line = newLine();
    const first = await api().add({ key, body: line });
    const respelled = `{ "quantity": 2.0e0, "sku": "book\\u002d1", "cartId": "${line.cartId}" }`;
    const second = await api().add({ body: respelled, headers: { 'iDEMPOTENCY-kEY': `"${key}"` } });
    expect(second.status).toBe(200);
    expect(second.body).toBe(first.body);
    expect(await api().lines(line.cartId)).toHaveLength(1);
  });
});

describeWithDemoHeaders('a duplicate of a request in progress', () => {
  test('gets 409 and a Retry-After of whole seconds', async () => {
    const line = newLine();
    const { refused, bothStatuses } = await sendTwice(randomUUID(), line);
    expect(refused.status).toBe(409);
    expect(refused.headers['content-type']).toMatch(PROBLEM);
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(refused.json()).toMatchObject({ type: `${LIBRARY_PROBLEM}in-progress`, status: 409 });
    expect(await bothStatuses).toEqual([201, 409]);
    expect(await api().lines(line.cartId)).toHaveLength(1);
  });

  test('with another payload gets 422, and the first goes on', async () => {
    const key = randomUUID();
    const line = newLine();
    const { bothStatuses } = await sendTwice(key, line);
    const other = await api().add({ key, body: { ...line, quantity: 3 } });
    expect(other.status).toBe(422);
    expect(await bothStatuses).toEqual([201, 409]);
    expect(await api().lines(line.cartId)).toHaveLength(1);
  });

  /** Resolves while one of the two is running: the other is answered long before it. */
  async function sendTwice(key: string, line: unknown) {
    const send = () => api().add({ key, body: line, headers: { 'x-demo-work-ms': '1500' } });
    const both = [send(), send()];
    const refused = await Promise.race(both);
    const bothStatuses = Promise.all(both).then((answers) => answers.map(({ status }) => status).sort());
    return { refused, bothStatuses };
  }
});

describe('a request without a usable key', () => {
  const unusable: [description: string, key: string | string[] | undefined, kind: string][] = [
    ['no key', undefined, 'key-missing'],
    ['an empty key', '', 'key-invalid'],
    ['an empty quoted key', '""', 'key-invalid'],
    ['a key of 256 characters', 'k'.repeat(256), 'key-invalid'],
    ['a key outside printable ASCII', 'cl\u00e9', 'key-invalid'],
    ['an unclosed quoted key', '"abc', 'key-invalid'],
    ['two keys in one header', 'abc, def', 'key-invalid'],
    ['the header twice', ['abc', 'def'], 'key-invalid'],
    ['the same key twice', ['abc', 'abc'], 'key-invalid'],
  ];

  test.each(unusable)('%s: 400, and nothing runs', async (_description, key, kind) => {
    const line = newLine();
    const response = await api().add({ body: line, ...(key === undefined ? {} : { key }) });
    expect(response.status).toBe(400);
    expect(response.headers['content-type']).toMatch(PROBLEM);
    expect(response.json()).toMatchObject({ type: LIBRARY_PROBLEM + kind, status: 400 });
    expect(await api().lines(line.cartId)).toEqual([]);
  });

  test('a key of 255 characters is usable', async () => {
    const response = await api().add({ key: randomUUID().padEnd(255, 'k'), body: newLine() });
    expect(response.status).toBe(201);
  });
});

describe('the same key with another payload', () => {
  test('gets 422, and the record still answers the first payload', async () => {
    const key = randomUUID();
    const line = newLine();
    const first = await api().add({ key, body: line });
    const other = await api().add({ key, body: { ...line, sku: 'pen-1' } });
    expect(other.status).toBe(422);
    expect(other.headers['content-type']).toMatch(PROBLEM);
    expect(other.json()).toMatchObject({ type: `${LIBRARY_PROBLEM}payload-mismatch`, status: 422 });
    expect(other.headers.link).toMatch(/^<https:/);

    const again = await api().add({ key, body: line });
    expect(again.status).toBe(200);
    expect(again.body).toBe(first.body);
    expect(await api().lines(line.cartId)).toHaveLength(1);
  });
});

describe('a request that is not valid', () => {
  const invalid: [description: string, body: unknown, fields: string[]][] = [
    ['no body', '', ['body']],
    ['no JSON', '{"cartId":', ['body']],
    ['no object', '[]', ['body']],
    ['no fields', {}, ['cartId', 'sku', 'quantity']],
    ['an empty cart id', newLine({ cartId: '' }), ['cartId']],
    ['a cart id with a slash', newLine({ cartId: 'a/b' }), ['cartId']],
    ['a cart id that is too long', newLine({ cartId: 'c'.repeat(65) }), ['cartId']],
    ['a sku that is no string', newLine({ sku: 7 }), ['sku']],
    ['a quantity of 0', newLine({ quantity: 0 }), ['quantity']],
    ['a negative quantity', newLine({ quantity: -1 }), ['quantity']],
    ['half of one', newLine({ quantity: 0.5 }), ['quantity']],
    ['a quantity of 1000', newLine({ quantity: 1000 }), ['quantity']],
    ['a quantity in a string', newLine({ quantity: '2' }), ['quantity']],
    ['an unknown field', newLine({ colour: 'red' }), ['colour']],
    ['two wrong fields', newLine({ sku: '', quantity: null }), ['sku', 'quantity']],
  ];

  test.each(invalid)('%s: 400 that names the field', async (_description, body, fields) => {
    const response = await api().add({ key: randomUUID(), body });
    expect(response.status).toBe(400);
    expect(response.headers['content-type']).toMatch(PROBLEM);
    const problem = response.json() as { detail: string; errors: { field: string; message: string }[] };
    expect(problem).toMatchObject({ type: 'urn:add-to-cart:problem:invalid-request', status: 400 });
    expect(problem.errors.map(({ field }) => field)).toEqual(fields);
    for (const field of fields) expect(problem.detail).toContain(field);
  });

  test('does not use up its key: corrected, it goes through', async () => {
    const key = randomUUID();
    const line = newLine();
    expect((await api().add({ key, body: { ...line, quantity: 0 } })).status).toBe(400);
    expect((await api().add({ key, body: line })).status).toBe(201);
  });
});

describe('reading a cart', () => {
  test('lists every line once, and none for an empty cart', async () => {
    const line = newLine();
    expect(await api().lines(line.cartId)).toEqual([]);
    for (const sku of ['a', 'b', 'c']) await api().add({ key: randomUUID(), body: { ...line, sku } });
    const skus = (await api().lines(line.cartId)).map(({ sku }) => sku);
    expect(skus.sort()).toEqual(['a', 'b', 'c']);
  });

  test('ignores a key, since reading is idempotent in itself', async () => {
    const url = `${api().baseUrl}/cart/${newLine().cartId}`;
    const headers = { 'Idempotency-Key': ['one', 'two'] };
    const response = await exchange({ method: 'GET', url, headers });
    expect(response.status).toBe(200);
    expect(response.headers['idempotent-replayed']).toBeUndefined();
  });

  test('refuses an id that no cart can have', async () => {
    const response = await exchange({ method: 'GET', url: `${api().baseUrl}/cart/a%20b` });
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({ errors: [{ field: 'cartId' }] });
  });
});

test('what has no route gets 404', async () => {
  const { baseUrl } = api();
  for (const [method, path] of [
    ['DELETE', '/cart/items'],
    ['POST', '/cart'],
    ['GET', '/carts/x'],
  ] as const) {
    const response = await exchange({ method, url: baseUrl + path });
    expect([path, response.status, response.json()]).toEqual([path, 404, { message: 'Not Found' }]);
  }
});

describeWithDemoHeaders('two tenants', () => {
  test('can use the same key at the same time, and neither sees the result of the other', async () => {
    const key = randomUUID();
    const line = newLine();
    const [one, other] = await Promise.all(
      ['one', 'other'].map((tenant) => api().add({ key, body: line, headers: { 'x-demo-tenant': tenant } })),
    );
    expect([one?.status, other?.status]).toEqual([201, 201]);
    expect(one?.body).not.toBe(other?.body);
    expect(await api().lines(line.cartId)).toHaveLength(2);
    const again = await api().add({ key, body: line, headers: { 'x-demo-tenant': 'one' } });
    expect([again.status, again.body]).toEqual([200, one?.body]);
  });
});

describeWithDemoHeaders('a handler that fails', () => {
  test.each(['before-effect', 'after-effect'])(
    '%s: 500, nothing is recorded, and the retry adds one line',
    async (failure) => {
      const key = randomUUID();
      const line = newLine();
      const failed = await api().add({ key, body: line, headers: { 'x-demo-fail': failure } });
      expect(failed.status).toBe(500);
      expect(failed.headers['content-type']).toMatch(PROBLEM);
      const retried = await api().add({ key, body: line });
      expect(retried.status).toBe(201);
      expect(await api().lines(line.cartId)).toEqual([retried.json()]);
      expect((await api().add({ key, body: line })).body).toBe(retried.body);
    },
  );
});

describeWithDemoHeaders('a demo header that makes no sense', () => {
  test.each([
    ['x-demo-work-ms', '10001'],
    ['x-demo-work-ms', 'long'],
    ['x-demo-fail', 'sometimes'],
    ['x-demo-tenant', 'a b'],
  ])('%s: %s is refused with what is allowed', async (name, value) => {
    const response = await api().add({ key: randomUUID(), body: newLine(), headers: { [name]: value } });
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({
      errors: [{ field: name, message: expect.stringMatching(/must be/) }],
    });
  });
});
