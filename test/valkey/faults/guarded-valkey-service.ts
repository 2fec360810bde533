/** A guarded handler on a Valkey store behind a fault proxy. */
import { Redis } from 'ioredis';
import { ValkeyStore } from '../../../lib/valkey/index.ts';
import { type Form, GuardedHandler, LEASE_AND_MORE_MS } from '../../faults/guarded-handler.ts';
import { letServerTimePass } from '../server-time.ts';
import { type FaultyClientName, openFaultyClient } from './faulty-clients.ts';
import { RespProxy } from './resp-proxy.ts';

/** So long that no server on a busy machine is ever slower; for tests in which nobody waits for it to pass. */
export const PATIENT_MS = 10_000;
/** For tests in which a command hangs: long for a server on the same machine, even a busy one, and short to wait for. */
export const IMPATIENT_MS = 400;

const KEY_PREFIX = 'faults:';

export interface ValkeyServiceOptions {
  readonly serverPort: number;
  readonly clientName?: FaultyClientName;
  readonly form?: Form;
  /** After which a connection without a reply is given up. */
  readonly silenceMs?: number;
}

class GuardedValkeyService extends GuardedHandler {
  readonly #clock: Redis;

  constructor(options: ConstructorParameters<typeof GuardedHandler>[0], clock: Redis) {
    super(options);
    this.#clock = clock;
  }

  /** By the server's clock, too. */
  override async letLeaseLapse(): Promise<void> {
    super.letLeaseLapse();
    await letServerTimePass(this.#clock, `${KEY_PREFIX}${this.recordId}`, LEASE_AND_MORE_MS);
  }
}

/** Runs `body` with a guarded handler, a key and a proxy of its own, and closes all. */
export async function withValkeyService<T>(
  { serverPort, clientName = 'ioredis', form = 'wrapper', silenceMs = PATIENT_MS }: ValkeyServiceOptions,
  body: (service: GuardedHandler, proxy: RespProxy) => Promise<T>,
): Promise<T> {
  const proxy = await RespProxy.start(serverPort);
  const { client, close } = await openFaultyClient(clientName, proxy.port, silenceMs);
  const well = new Redis(serverPort);
  const service = new GuardedValkeyService(
    {
      form,
      store: (now) =>
        new ValkeyStore({ client, keyPrefix: KEY_PREFIX, commandTimeoutMs: 2 * silenceMs, now }),
      wellStore: new ValkeyStore({ client: well, keyPrefix: KEY_PREFIX }),
    },
    well,
  );
  try {
    return await body(service, proxy);
  } finally {
    close();
    well.disconnect();
    await proxy.close();
  }
}
