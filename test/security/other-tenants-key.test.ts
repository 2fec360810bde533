/**
 * Whoever guesses another tenant's key must not even learn that it was used. So a probe with it has to look like one
 * with a key that nobody has ever used, in all that can be seen or measured from outside: the answers, and the requests
 * to the store, in number, kind and size, which are what the time that a request takes is made of.
 */
import { describe, expect, test } from '@jest/globals';
import { type IdempotencyEvent, idempotent, MemoryStore, outcomeUnknown } from '../../lib/index.ts';
import { lambdaContext } from '../support/events.ts';
import { interceptedStore } from '../support/intercepted-store.ts';
import { IDENTITIES, type Identity } from './identities.ts';

const KEY = '8e03978e-40d5-43e8-bc93-6894a57f9324';
const BODIES = ['{"sku":"apple"}', '{"sku":"pear"}'] as const;
/** Far beyond every lease, and within the retention. */
const MUCH_LATER_MS = 3_600_000;

type Work = () => Promise<unknown>;

const answered: Work = async () => ({ statusCode: 201, body: 'done' });
const failed: Work = async () => {
  throw new Error('the handler failed');
};
const inDoubt: Work = async () => outcomeUnknown({ statusCode: 503 });

class Tenants {
  readonly #store = new MemoryStore();
  readonly #identity: Identity;
  nowMs = 1_800_000_000_000;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** The first tenant's request, with the key that will be guessed. */
  async ada(work: Work): Promise<unknown> {
    const guarded = idempotent<unknown, unknown>(
      work,
      this.#options(this.#store, () => {}),
    );
    const event = this.#identity.event('ada', { key: KEY, body: BODIES[0] });
    return guarded(event, lambdaContext()).catch(() => undefined);
  }

  /** All that the second tenant sees, and all that its requests do, with both bodies and a repetition of each. */
  async bobsView(): Promise<readonly unknown[]> {
    const view: unknown[] = [];
    const watched = interceptedStore(this.#store, async (operation, proceed) => {
      const outcome = await proceed();
      view.push([operation, JSON.stringify(outcome ?? null).length]);
      return outcome;
    });
    const onEvent = ({ type }: IdempotencyEvent) => view.push(type);
    const guarded = idempotent<unknown, unknown>(answered, this.#options(watched, onEvent));
    for (const body of [...BODIES, ...BODIES]) {
      view.push(await guarded(this.#identity.event('bob', { key: KEY, body }), lambdaContext()));
    }
    return view;
  }

  #options(store: ReturnType<typeof interceptedStore>, onEvent: (event: IdempotencyEvent) => void) {
    return { store, namespace: 'test', onEvent, now: () => this.nowMs };
  }
}

/** What the first tenant has done with the key. */
const USES: readonly (readonly [string, (tenants: Tenants, probe: () => Promise<void>) => Promise<void>])[] =
  [
    [
      'has finished',
      async (tenants, probe) => {
        await tenants.ada(answered);
        await probe();
      },
    ],
    [
      'is being processed',
      async (tenants, probe) => {
        await tenants.ada(async () => {
          await probe();
          return answered();
        });
      },
    ],
    [
      'has failed',
      async (tenants, probe) => {
        await tenants.ada(failed);
        await probe();
      },
    ],
    [
      'is in doubt',
      async (tenants, probe) => {
        await tenants.ada(inDoubt);
        await probe();
      },
    ],
    [
      'is in doubt, its lease over',
      async (tenants, probe) => {
        await tenants.ada(inDoubt);
        tenants.nowMs += MUCH_LATER_MS;
        await probe();
      },
    ],
    [
      'has expired',
      async (tenants, probe) => {
        await tenants.ada(answered);
        tenants.nowMs += 48 * MUCH_LATER_MS;
        await probe();
      },
    ],
  ];

describe.each(IDENTITIES)('a key that another tenant uses, by $name', (identity) => {
  test.each(USES)('looks like a new one where the other request %s', async (_use, play) => {
    const unused = await new Tenants(identity).bobsView();
    // Otherwise two empty views would be equal.
    expect(unused.filter((seen) => typeof seen === 'string')).toEqual([
      ...['acquired', 'completed', 'mismatch', 'replayed', 'mismatch'],
    ]);

    const tenants = new Tenants(identity);
    let used: readonly unknown[] | undefined;
    await play(tenants, async () => {
      used = await tenants.bobsView();
    });
    expect(used).toEqual(unused);
  });
});

test('the view would tell: to the tenant itself, a used key looks otherwise', async () => {
  const [identity] = IDENTITIES;
  if (identity === undefined) throw new Error('There is no identity to try.');
  const nobody: Identity = {
    name: 'one for all',
    event: (_tenant, request) => identity.event('ada', request),
  };
  for (const [, play] of USES.filter(([use]) => use !== 'has failed' && use !== 'has expired')) {
    const tenants = new Tenants(nobody);
    let used: readonly unknown[] | undefined;
    await play(tenants, async () => {
      used = await tenants.bobsView();
    });
    expect(used).not.toEqual(await new Tenants(nobody).bobsView());
  }
});
