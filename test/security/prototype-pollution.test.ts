/** Names that every object inherits, as members of whatever a client sends or a handler answers. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { idempotent, MemoryStore } from '../../lib/index.ts';
import { FRONT_DOORS, headersOf, type Members, singleHeaders } from './front-doors.ts';
import { NAMESPACE, sendTwice } from './send-twice.ts';

/** As `JSON.parse` makes them: own members of the object. */
const POLLUTING: Members = JSON.parse(
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"prototype":"x","toString":"x"}',
);

let before: readonly unknown[];
beforeEach(() => {
  before = inheritedMembers();
});

function expectNothingPolluted(): void {
  expect(inheritedMembers()).toEqual(before);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
}

function inheritedMembers(): readonly unknown[] {
  return [Object, Array, Function, String, Map, Set, Error, Promise].flatMap(({ prototype }) =>
    Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([name, { value }]) => [name, value]),
  );
}

/** Spreading keeps own members by the name `__proto__`; literals and assignments would set the prototype. */
const own = (members: Members): Members => ({ ...members });

describe.each(FRONT_DOORS)('behind %s', (frontDoor, event) => {
  const context = event({})['requestContext'] as object; // The events of every front door have one.

  test.each<readonly [string, Members]>([
    ['headers', { ...singleHeaders(POLLUTING), ...headersOf(frontDoor, POLLUTING) }],
    ['query', { queryStringParameters: POLLUTING, multiValueQueryStringParameters: POLLUTING }],
    ['raw query', { rawQueryString: '__proto__=x&__proto__[polluted]=1&constructor.prototype.polluted=1' }],
    ['body', { body: '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}' }],
    ['parsed body', { body: POLLUTING }],
    ['request context', { requestContext: { ...context, ...POLLUTING } }],
    [
      'identity',
      { requestContext: { ...context, identity: POLLUTING, authorizer: { principalId: 'a', ...POLLUTING } } },
    ],
    ['event itself', POLLUTING],
  ])('in the %s pollute nothing', async (_place, members) => {
    await sendTwice(event(own(members)));
    expectNothingPolluted();
  });

  test('in an answer come back from the record as they were, and pollute nothing', async () => {
    const answer = JSON.parse(
      '{"statusCode":200,"__proto__":{"polluted":true},"headers":{"__proto__":"x","a":"b"},"body":"x"}',
    );
    const guarded = guard(async () => answer);
    await guarded(event({}), undefined);
    const replay = JSON.stringify(await guarded(event({}), undefined));
    expect(replay).toContain('"__proto__":{"polluted":true}');
    expectNothingPolluted();
  });

  test('count for the payload like any other: a body that differs in one is another body', async () => {
    const guarded = guard(async () => ({ statusCode: 200 }));
    const send = (body: string) => guarded(event({ body }), undefined);
    expect(await send('{"__proto__":{"quantity":1}}')).toMatchObject({ statusCode: 200 });
    expect(await send('{"__proto__":{"quantity":2}}')).toMatchObject({ statusCode: 422 });
    expect(await send('{}')).toMatchObject({ statusCode: 422 });
  });

  test('name no caller: an inherited member is no identity', async () => {
    const callers: unknown[] = [];
    const store = new MemoryStore();
    const options = { store, namespace: NAMESPACE, onEvent: (seen: unknown) => callers.push(seen) };
    const guarded = idempotent<unknown, unknown, undefined>(async () => ({ statusCode: 200 }), options);
    const inherited = Object.create({ authorizer: { principalId: 'ada' }, identity: { apiKeyId: 'ada' } });
    await guarded(event({ requestContext: Object.assign(inherited, context) }), undefined);
    await guarded(event({}), undefined);
    // The same record: both requests are anonymous.
    expect(callers).toMatchObject([{ type: 'acquired' }, { type: 'completed' }, { type: 'replayed' }]);
  });
});

function guard(work: () => Promise<unknown>) {
  return idempotent<unknown, unknown, undefined>(work, {
    store: new MemoryStore(),
    namespace: NAMESPACE,
    onEvent: () => {},
  });
}
