/** What is one operation and what is two: no choice of names may make two of them look like one. */
import { describe, expect, test } from '@jest/globals';
import { type IdempotencyEvent, idempotent, MemoryStore } from '../../lib/index.ts';
import { lambdaContext } from '../support/events.ts';
import { FRONT_DOORS, headersOf } from './front-doors.ts';
import { httpApi } from './identities.ts';

interface Scope {
  readonly namespace?: string;
  readonly caller?: string;
  readonly method?: string;
  readonly path?: string;
  readonly key?: string;
}

/** The id of the record that a request of that scope would have, at a front door where nobody is known. */
async function idOf({ namespace = 'test', caller = 'c', method = 'POST', path = '/p', key = 'k' }: Scope) {
  const ids: string[] = [];
  const guarded = idempotent<unknown, unknown>(async () => ({ statusCode: 200 }), {
    store: new MemoryStore(),
    namespace,
    caller: () => caller,
    onEvent: (event: IdempotencyEvent) => {
      if (event.type === 'acquired') ids.push(event.id);
    },
  });
  const quoted = `"${key.replaceAll(/["\\]/g, '\\$&')}"`;
  const context = { http: { method, path } };
  const event = { ...(httpApi(context, { key: quoted }) as object), rawPath: path };
  await guarded(event, lambdaContext());
  expect(ids).toHaveLength(1);
  return ids[0];
}

async function expectAllDifferent(scopes: readonly Scope[]): Promise<void> {
  const ids = await Promise.all(scopes.map(idOf));
  expect(new Set(ids).size).toBe(scopes.length);
}

describe('a border between caller, path and key cannot be moved', () => {
  test.each(['#', ':', '/', '|', ',', ';', '&', '=', ' ', '"', '\\', '\\"', '","', '"],["', '%23', '%00'])(
    'by writing %j into them',
    async (separator) => {
      await expectAllDifferent([
        { caller: `a${separator}b`, path: '/c', key: 'd' },
        { caller: 'a', path: `b${separator}/c`, key: 'd' },
        { caller: 'a', path: 'b', key: `/c${separator}d` },
        { caller: `a${separator}b${separator}/c`, path: '/', key: 'd' },
        { caller: `a${separator}`, path: 'b', key: 'c' },
        { caller: 'a', path: `${separator}b`, key: 'c' },
      ]);
    },
  );

  test('by writing a part of the id into the namespace', async () => {
    const id = String(await idOf({ namespace: 'a' }));
    await expectAllDifferent([
      { namespace: 'a' },
      { namespace: 'a#' },
      { namespace: 'a#b' },
      { namespace: id },
    ]);
  });
});

test('callers that look alike are different callers', async () => {
  const names = [
    'ada',
    'Ada',
    'ADA',
    ' ada',
    'ada ',
    'ada\u0000',
    'ad\u0430',
    '\u00e9',
    'e\u0301',
    '\ud800',
    '\ud801',
  ];
  await expectAllDifferent(['', 'null', 'undefined', '[]', '0', ...names].map((caller) => ({ caller })));
});

test('keys that differ in case or in an escape are different keys', async () => {
  await expectAllDifferent(['k', 'K', '%6b', '%6B', '"k"', '\\k', 'k ', ' k'].map((key) => ({ key })));
});

test('a method in another case is the same method, and another method is not', async () => {
  expect(await idOf({ method: 'post' })).toBe(await idOf({ method: 'POST' }));
  await expectAllDifferent([{ method: 'POST' }, { method: 'PATCH' }]);
});

describe('issuer and subject of a token', () => {
  test('cannot be mixed up by what is written into them', async () => {
    const ids = new Set<string>();
    const guarded = idempotent<unknown, unknown>(async () => ({ statusCode: 200 }), {
      store: new MemoryStore(),
      namespace: 'test',
      onEvent: (event: IdempotencyEvent) => {
        if ('id' in event) ids.add(event.id);
      },
    });
    const tokens = [
      { iss: 'a', sub: 'b#c' },
      { iss: 'a#b', sub: 'c' },
      { iss: 'a","b', sub: 'c' },
      { iss: 'a', sub: 'b","c' },
      { iss: '', sub: 'a' },
      { sub: '["jwt","","a"]' },
      { iss: 'a', client_id: 'b' },
      { iss: 'a', sub: 'b' },
    ];
    for (const claims of tokens) {
      await guarded(httpApi({ authorizer: { jwt: { claims } } }, { key: 'k' }), lambdaContext());
    }
    expect(ids.size).toBe(tokens.length);
  });
});

describe.each(FRONT_DOORS)('behind %s', (frontDoor, event) => {
  test('a path is the path as the front door hands it over: other spellings are other operations', async () => {
    const paths = [
      '/cart/items',
      '/cart/items/',
      '/cart//items',
      '//cart/items',
      '/cart/./items',
      '/cart/x/../items',
      '/cart/%69tems',
      '/cart%2Fitems',
      '/cart%2fitems',
      '/cart%252Fitems',
      '/Cart/Items',
      '/cart/items;v=1',
      '/cart/items%00',
      '/cart/items%20',
      '/cart/items?',
      '/cart/items#',
    ];
    let runs = 0;
    const guarded = idempotent<unknown, unknown>(async () => ({ statusCode: 200, body: String(++runs) }), {
      store: new MemoryStore(),
      namespace: 'test',
      onEvent: () => {},
    });
    const send = (path: string) => guarded(event({ path, rawPath: path }), lambdaContext());
    for (const [index, path] of paths.entries()) {
      expect(await send(path)).toMatchObject({ statusCode: 200, body: String(index + 1) });
    }
    for (const [index, path] of paths.entries()) {
      expect(await send(path)).toMatchObject({ statusCode: 200, body: String(index + 1) });
    }
    expect(runs).toBe(paths.length);
  });

  test('a header in another case is the same header, and no other header is', async () => {
    let runs = 0;
    const guarded = idempotent<unknown, unknown>(async () => ({ statusCode: 200, body: String(++runs) }), {
      store: new MemoryStore(),
      namespace: 'test',
      onEvent: () => {},
    });
    const send = (name: string) =>
      guarded(event(headersOf(frontDoor, { 'idempotency-key': undefined, [name]: 'k' })), lambdaContext());
    expect(await send('idempotency-key')).toMatchObject({ body: '1' });
    expect(await send('IDEMPOTENCY-KEY')).toMatchObject({ body: '1' });
    for (const other of [
      'idempotency_key',
      'idempotency-key ',
      'x-idempotency-key',
      'idempotency-key\u0000',
    ]) {
      expect([other, await send(other)]).toMatchObject([other, { statusCode: 400 }]);
    }
    expect(runs).toBe(1);
  });
});
