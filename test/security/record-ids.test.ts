import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { idempotent, MemoryStore } from '../../lib/index.ts';
import { httpApiEvent } from '../unit/http/front-door-events.ts';
import { singleHeaders } from './front-doors.ts';
import { NAMESPACE, WatchedStore } from './send-twice.ts';

describe('records', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', ',', '[', ']', '\\', '\ud800', '\udc00', 'a') }),
    fc.constantFrom('', '__proto__', 'null', '\ud800', '\udfff', '\ufffd'),
  );

  test('are shared by two keys only if these are equal, whatever is in them', async () => {
    const ids = new Map<string, string>();
    let last = '';
    const guarded = idempotent(async (_key: string) => {}, {
      store: new MemoryStore(),
      namespace: NAMESPACE,
      key: (key) => key,
      onEvent: (event) => {
        if ('id' in event) last = event.id;
      },
    });
    await fc.assert(
      fc.asyncProperty(
        text.filter((key) => key !== ''),
        async (key) => {
          await guarded(key, undefined as never); // Outside Lambda there is no context to hand over.
          expect(ids.get(last) ?? key).toBe(key);
          ids.set(last, key);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('are shared by two requests only if caller, path and key are all equal', async () => {
    const scopes = new Map<string, string>();
    const caller = (event: unknown) => (event as { caller: string }).caller; // Every event below has one.
    await fc.assert(
      fc.asyncProperty(text, text, fc.constantFrom('k', '"k"', 'k2', '"a,b"'), async (who, path, key) => {
        const watched = new WatchedStore();
        const options = { store: watched, namespace: NAMESPACE, caller, onEvent: () => {} };
        const guarded = idempotent<unknown, unknown, undefined>(async () => ({ statusCode: 200 }), options);
        const event = { ...httpApiEvent({ ...singleHeaders({ 'idempotency-key': key }) }), caller: who };
        await guarded({ ...event, rawPath: `/${path}` }, undefined);
        const [id = ''] = watched.ids;
        // A quoted key is the same as a bare one.
        const scope = JSON.stringify([who, path, key.replaceAll('"', '')]);
        expect(scopes.get(id) ?? scope).toBe(scope);
        scopes.set(id, scope);
      }),
      { numRuns: 1000 },
    );
  });

  test('are never made of a key that is no text, or empty', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything().filter((key) => (typeof key !== 'string' || key === '') && key !== undefined),
        async (key) => {
          const store = new WatchedStore();
          const guarded = idempotent<unknown, unknown, undefined>(async () => 'ran', {
            store,
            namespace: NAMESPACE,
            key: () => key as string, // What a caller who is not compiled may return.
          });
          await expect(guarded({}, undefined)).rejects.toMatchObject({ code: 'KEY_INVALID' });
          expect(store.acquired).toEqual([]);
        },
      ),
    );
  });
});
