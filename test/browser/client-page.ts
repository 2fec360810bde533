/** What runs in the page: the client as users bundle it, behind calls that a test can make by name. */
import {
  createIdempotencyClient,
  createIdempotentFetch,
  deliveryOf,
  type IdempotencyClientOptions,
  indexedDbStorage,
  isIdempotencyClientError,
  type OutboxStorage,
  type StorageLike,
  webStorage,
} from '../../lib/client/index.ts';

export interface Sent {
  readonly status: number;
  readonly body: unknown;
  readonly url: string;
  readonly tries: number;
  readonly replayed: boolean;
  readonly settled: boolean;
}

/** Which storage, and with which leases where there are no Web Locks. */
export interface Place {
  readonly storage: 'indexed-db' | 'local-storage';
  readonly leaseMs?: number;
}

// As the tests have no types of a browser.
const { localStorage } = globalThis as unknown as { localStorage: StorageLike };

const storages: Readonly<Record<Place['storage'], () => OutboxStorage>> = {
  'indexed-db': () => indexedDbStorage(),
  'local-storage': () => webStorage(localStorage),
};

const OPTIONS: IdempotencyClientOptions = { pauseBaseMs: 10, pauseMaxMs: 50, tryTimeoutMs: 8_000 };

function clientAt({ storage, ...outbox }: Place) {
  return createIdempotencyClient({ ...OPTIONS, outbox: { storage: storages[storage](), ...outbox } });
}

// One a page, as a page has it; a second one would share no flights with it.
const clients = new Map<string, ReturnType<typeof clientAt>>();
function client(place: Place) {
  const made = clients.get(place.storage) ?? clientAt(place);
  clients.set(place.storage, made);
  return made;
}

async function sentOf(response: Response): Promise<Sent> {
  const { tries = 0, replayed = false, settled = false } = deliveryOf(response) ?? {};
  const text = await response.text();
  const body = text.startsWith('{') ? JSON.parse(text) : text;
  return { status: response.status, body, url: response.url, tries, replayed, settled };
}

const post = (body: string, headers: Readonly<Record<string, string>> = {}) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...headers },
  body,
});

export const calls = {
  async fetch(body: string): Promise<Sent> {
    return sentOf(await createIdempotentFetch(OPTIONS)('/cart/items', post(body)));
  },
  async fetchForm(): Promise<Sent> {
    const form = new FormData();
    form.set('file', new Blob(['a', 'b']), 'a.txt');
    return sentOf(await createIdempotentFetch(OPTIONS)('/cart/items', { method: 'POST', body: form }));
  },
  /** The code of what was thrown. */
  async codeOf(call: 'fetch', body: string): Promise<string> {
    try {
      await calls[call](body);
      return 'none';
    } catch (error) {
      return isIdempotencyClientError(error) ? error.code : String(error);
    }
  },
  async send(
    place: Place,
    name: string,
    body: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Sent> {
    return sentOf(await client(place).operation(name, '/cart/items', post(body, headers)).send());
  },
  async resume(place: Place): Promise<string[]> {
    return (await client(place).resume()).map(({ kind, name }) => `${name}: ${kind}`);
  },
  async pending(place: Place): Promise<string[]> {
    return (await client(place).pending()).map(({ name }) => name);
  },
  swap(storage: Place['storage'], ...args: Parameters<OutboxStorage['swap']>) {
    return storages[storage]().swap(...args);
  },
  read: (storage: Place['storage'], id: string) => storages[storage]().read(id),
  ids: (storage: Place['storage']) => storages[storage]().ids(),
};

(globalThis as { calls?: typeof calls }).calls = calls;
