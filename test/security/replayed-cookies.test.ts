import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import {
  type IdempotencyRecord,
  type IdempotentContext,
  idempotency,
  idempotent,
  MemoryStore,
} from '../../lib/index.ts';
import { lambdaContext } from '../support/events.ts';
import { MIDDY_VERSIONS } from '../support/middy-versions.ts';
import { ANONYMOUS } from './identities.ts';

const SESSION = 'session-of-the-first-caller';

/** Every way to say `Set-Cookie` that a front door understands, or might one day. */
const ANSWERS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['a header', { headers: { 'Set-Cookie': `sid=${SESSION}`, 'x-kept': 'yes' } }],
  ['a header in lower case', { headers: { 'set-cookie': `sid=${SESSION}`, 'x-kept': 'yes' } }],
  ['headers in several cases', { headers: { 'SET-COOKIE': `a=${SESSION}`, 'sEt-CoOkIe': `b=${SESSION}` } }],
  ['an obsolete header', { headers: { 'Set-Cookie2': `sid=${SESSION}` } }],
  ['a list of values', { multiValueHeaders: { 'Set-Cookie': [`a=${SESSION}`, `b=${SESSION}`] } }],
  [
    'both kinds of headers',
    { headers: { 'Set-Cookie': `a=${SESSION}` }, multiValueHeaders: { 'set-cookie': [`b=${SESSION}`] } },
  ],
  ['the member of payload format 2.0', { cookies: [`sid=${SESSION}; HttpOnly`] }],
];

type Handler = (event: unknown, context: Context) => Promise<unknown>;
type Guard = (work: () => Promise<unknown>, store: MemoryStore) => Handler;

const wrapper: Guard = (work, store) => idempotent<unknown, unknown>(work, { store, namespace: 'test' });
const FORMS: readonly (readonly [string, Guard])[] = [
  ['idempotent()', wrapper],
  ...MIDDY_VERSIONS.map(({ version, middy }): readonly [string, Guard] => [
    `idempotency() with Middy ${version}`,
    (work, store) => {
      const handler = middy(async () => work()).use(idempotency({ store, namespace: 'test' }));
      // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
      return (event, context) => handler(event, context as IdempotentContext);
    },
  ]),
];

/** Keeps what was written, to look at the records themselves. */
class WatchedStore extends MemoryStore {
  readonly ids: string[] = [];
  override acquire(...args: Parameters<MemoryStore['acquire']>) {
    this.ids.push(args[0].id);
    return super.acquire(...args);
  }
  async records(): Promise<(IdempotencyRecord | undefined)[]> {
    return Promise.all(this.ids.map((id) => this.read(id)));
  }
}

let store: WatchedStore;
beforeEach(() => {
  store = new WatchedStore();
});

describe.each(FORMS)('%s', (_form, guard) => {
  describe.each(Object.entries(ANONYMOUS))('behind %s', (_frontDoor, eventOf) => {
    test.each(ANSWERS)(
      'a cookie set by %s reaches the first caller, and nobody else',
      async (_name, members) => {
        const answer = { statusCode: 201, body: 'created', ...members };
        const handler = guard(async () => structuredClone(answer), store);
        const first = await handler(eventOf({ key: 'k1' }), lambdaContext());
        const replay = await handler(eventOf({ key: 'k1' }), lambdaContext());

        expect(first).toEqual(answer);
        expect(replay).toMatchObject({ statusCode: 200, body: 'created' });
        expect(JSON.stringify(replay)).not.toMatch(/set-cookie|"cookies"/i);
        expect(JSON.stringify(replay)).not.toContain(SESSION);
        expect(await store.records()).toMatchObject([{ status: 'COMPLETED' }, { status: 'COMPLETED' }]);
        expect(JSON.stringify(await store.records())).not.toContain(SESSION);
      },
    );
  });
});
