import { lossOf } from './demo-loss.ts';
import { startEngine } from './engine.ts';
import { createEngineClient } from './engine-client.ts';
import { type RequestReport, startGateway } from './gateway.ts';
import { observeClient } from './observed-client.ts';
import { createPlayground } from './playground/playground.ts';
import type { Engine } from './running-engine.ts';
import { sampleRoutes } from './sample-api.ts';
import { ensureCartTable, ensureIdempotencyTable, ensureSeatsTable } from './tables.ts';
import { createValkeyClient } from './valkey-client.ts';

export interface LocalServerOptions {
  readonly port: number;
  readonly dataDirectory?: string | undefined;
  /** Where the records of the cart lie, if not in the engine. */
  readonly valkeyUrl?: string | undefined;
  readonly functionTimeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly onReport?: (report: RequestReport) => void;
}

export interface LocalServer {
  readonly url: string;
  readonly engine: Pick<Engine, 'name' | 'endpoint' | 'ended'>;
  readonly tables: { readonly idempotency: string; readonly cart: string; readonly seats: string };
  /** Ends the gateway and whatever was started for it. */
  stop(): Promise<void>;
}

/** Engine, tables and gateway. Whatever had been started is stopped again if a later part fails. */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { port, dataDirectory, valkeyUrl, functionTimeoutMs, env = process.env, onReport } = options;
  // The variables by which the deployed functions find their tables.
  const tables = {
    idempotency: env['IDEMPOTENCY_TABLE'] || 'idempotency',
    cart: env['CART_TABLE'] || 'cart',
    seats: env['SEATS_TABLE'] || 'seats',
  };
  const engine = await startEngine({ dataDirectory, env });
  const client = createEngineClient(engine.endpoint);
  observeClient(client, tables);
  // Unobserved, for those who look on.
  const lookingClient = createEngineClient(engine.endpoint);
  const playground = createPlayground({ client: lookingClient, tables });
  const valkey = valkeyUrl === undefined ? undefined : createValkeyClient(valkeyUrl);
  const destroyClients = () => {
    client.destroy();
    lookingClient.destroy();
    valkey?.disconnect();
  };
  try {
    await Promise.all([
      ensureIdempotencyTable(client, tables.idempotency),
      ensureCartTable(client, tables.cart),
      ensureSeatsTable(client, tables.seats),
    ]);
    const routes = sampleRoutes({
      client,
      idempotencyTable: tables.idempotency,
      cartTable: tables.cart,
      seatsTable: tables.seats,
      valkey,
      functionTimeoutMs,
    });
    const gateway = await startGateway({
      routes,
      port,
      lossOf,
      observe: playground.observe,
      servePage: playground.serve,
      ...(onReport === undefined ? {} : { onReport }),
    });
    return {
      url: gateway.url,
      engine,
      tables,
      stop: async () => {
        await gateway.close();
        destroyClients();
        await engine.stop();
      },
    };
  } catch (error) {
    destroyClients();
    await engine.stop();
    throw error;
  }
}
