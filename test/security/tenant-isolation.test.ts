import { beforeEach, describe, expect, test } from '@jest/globals';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import {
  type HttpOptions,
  type IdempotencyEvent,
  type IdempotentContext,
  idempotency,
  idempotent,
  MemoryStore,
} from '../../lib/index.ts';
import { lambdaContext } from '../support/events.ts';
import { ANONYMOUS, httpApi, IDENTITIES } from './identities.ts';

const KEY = '8e03978e-40d5-43e8-bc93-6894a57f9324';

let store: MemoryStore;
let runs: number;
let ids: Set<string>;

beforeEach(() => {
  store = new MemoryStore();
  runs = 0;
  ids = new Set();
});

type Handler = (event: unknown, context: Context) => Promise<unknown>;

const noteId = (event: IdempotencyEvent) => {
  if ('id' in event) ids.add(event.id);
};

function guarded(
  work: () => Promise<void> = async () => {},
  options: Pick<HttpOptions, 'caller'> = {},
): Handler {
  return idempotent<unknown, unknown>(
    async () => {
      const run = ++runs;
      await work();
      return { statusCode: 200, body: `secret of run ${run}` };
    },
    { store, namespace: 'test', onEvent: noteId, ...options },
  );
}

const send = (handler: Handler, event: unknown) => handler(event, lambdaContext());
const resultOf = (run: number) => expect.objectContaining({ statusCode: 200, body: `secret of run ${run}` });
const REPLAYED = expect.stringMatching(/"Idempotent-Replayed":(\["true"\]|"true")/);

describe.each(IDENTITIES)('two tenants with one key, by $name', ({ event }) => {
  test('take effect each for itself, and each gets its own result again', async () => {
    const handler = guarded();
    expect(await send(handler, event('ada', { key: KEY }))).toEqual(resultOf(1));
    expect(await send(handler, event('bob', { key: KEY }))).toEqual(resultOf(2));
    const again = await send(handler, event('ada', { key: KEY }));
    expect(again).toEqual(resultOf(1));
    expect(JSON.stringify(again)).toEqual(REPLAYED);
    expect(await send(handler, event('bob', { key: KEY }))).toEqual(resultOf(2));
    expect(runs).toBe(2);
    expect(ids.size).toBe(2);
  });

  test('do not learn of each other’s payload, nor are they refused for it', async () => {
    const handler = guarded();
    await send(handler, event('ada', { key: KEY, body: '{"sku":"apple"}' }));
    expect(await send(handler, event('bob', { key: KEY, body: '{"sku":"pear"}' }))).toEqual(resultOf(2));
  });

  test('do not block each other while one of them runs', async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let enter = () => {};
    const entered = new Promise<void>((resolve) => {
      enter = resolve;
    });
    const slow = guarded(async () => {
      enter();
      await finished;
    });
    const first = send(slow, event('ada', { key: KEY }));
    await entered;
    expect(await send(guarded(), event('bob', { key: KEY }))).toEqual(resultOf(2));
    expect(await send(guarded(), event('ada', { key: KEY }))).toMatchObject({ statusCode: 409 });
    finish();
    expect(await first).toEqual(resultOf(1));
  });
});

describe('all identities side by side', () => {
  test('no two of them share a record, and none shares it with an anonymous caller', async () => {
    const handler = guarded();
    const events = [
      ...IDENTITIES.flatMap(({ event }) => [event('ada', { key: KEY }), event('bob', { key: KEY })]),
      ANONYMOUS['http-api']?.({ key: KEY }),
    ];
    for (const event of events) await send(handler, event);
    // The front door is no part of an identity: a caller who comes through two of them is the same one.
    const readAtTwoFrontDoors = [
      'JWT with sub',
      'Lambda authorizer, principalId',
      'Lambda authorizer, sub',
      'Cognito identity',
      'IAM user',
      'IAM role',
      'client certificate',
      'OIDC',
    ];
    const sharedOnPurpose = 2 * readAtTwoFrontDoors.length;
    expect(events.length - ids.size).toBe(sharedOnPurpose);
    expect(runs).toBe(ids.size);
  });
});

describe('a guessed key', () => {
  const guesses = Object.entries(ANONYMOUS);

  test.each(guesses)(
    'gives an anonymous caller of %s nothing of anybody else’s',
    async (_name, anonymous) => {
      const handler = guarded();
      for (const { event } of IDENTITIES) await send(handler, event('ada', { key: KEY }));
      const before = runs;
      expect(await send(handler, anonymous({ key: KEY }))).toEqual(resultOf(before + 1));
    },
  );

  test('gives nothing to somebody who writes the identity into headers, query or body', async () => {
    const handler = guarded();
    const victims = IDENTITIES.map(({ event }) => event('ada', { key: KEY }));
    for (const victim of victims) await send(handler, victim);
    const before = runs;
    const identity = {
      'x-amzn-oidc-identity': 'ada',
      authorization: 'Bearer ada',
      'x-api-key': 'ada',
      principalid: 'ada',
    };
    const body = JSON.stringify({ authorizer: { principalId: 'ada' }, requestContext: { caller: 'ada' } });
    for (const name of ['http-api', 'rest-api'] as const) {
      const answer = await send(handler, ANONYMOUS[name]?.({ key: KEY, headers: identity, body }));
      // The two front doors share the anonymous scope, so the second is told of the first one's run at most.
      expect(answer).toEqual(resultOf(before + 1));
    }
    expect(runs).toBe(before + 1);
  });

  test.each([
    ['a Lambda authorizer without an id', { authorizer: { lambda: { tenant: 'ada' } } }],
    ['a token without a subject', { authorizer: { jwt: { claims: { iss: 'https://issuer' } } } }],
    ['an authorizer of an unknown kind', { authorizer: { other: { principal: 'ada' } } }],
  ])('is refused where %s let the caller in, instead of being anonymous', async (_name, context) => {
    const answer = await send(guarded(), httpApi(context, { key: KEY }));
    expect(answer).toMatchObject({ statusCode: 500 });
    expect(JSON.stringify(answer)).not.toContain('ada');
    expect(runs).toBe(0);
    expect(ids.size).toBe(0);
  });
});

describe('an identity that is said twice', () => {
  test.each(['alb', 'alb-multi-value'] as const)(
    'by the header of %s is nobody’s: a client may have added one of the two',
    async (frontDoor) => {
      const identities = { 'x-amzn-oidc-identity': 'ada', 'X-Amzn-Oidc-Identity': 'bob' };
      const answer = await send(guarded(), ANONYMOUS[frontDoor]?.({ key: KEY, headers: identities }));
      expect(answer).toMatchObject({ statusCode: 500 });
      expect(runs).toBe(0);
      expect(ids.size).toBe(0);
    },
  );
});

describe('the option `caller`', () => {
  test('keeps tenants apart that the front door cannot tell from each other', async () => {
    const caller = (event: unknown) => {
      const { headers } = event as { headers: Record<string, string> }; // Every event below has them.
      return headers['x-tenant'];
    };
    const handler = guarded(undefined, { caller });
    const event = (tenant: string) => httpApi({}, { key: KEY, headers: { 'x-tenant': tenant } });
    expect(await send(handler, event('ada'))).toEqual(resultOf(1));
    expect(await send(handler, event('bob'))).toEqual(resultOf(2));
    expect(await send(handler, event('ada'))).toEqual(resultOf(1));
  });
});

describe('what a handler derives from its key', () => {
  test('differs between two tenants that use the same key, as a middleware as well', async () => {
    const derived: string[] = [];
    const handler = middy(async (_event: unknown, context: IdempotentContext) => {
      derived.push(context.idempotency.deriveKey('charge'));
      return { statusCode: 200, body: '' };
    }).use(idempotency({ store, namespace: 'test' }));
    const [identity] = IDENTITIES;
    for (const tenant of ['ada', 'bob'] as const) {
      // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
      await handler(identity?.event(tenant, { key: KEY }), lambdaContext() as IdempotentContext);
    }
    expect(new Set(derived).size).toBe(2);
  });
});
