import { startEngine } from './engine.ts';
import { createEngineClient } from './engine-client.ts';
import { type RequestReport, startGateway } from './gateway.ts';
import { landingPage } from './landing-page.ts';
import type { Engine } from './running-engine.ts';
import { sampleRoutes } from './sample-api.ts';
import { ensureCartTable, ensureIdempotencyTable } from './tables.ts';

export interface LocalServerOptions {
  readonly port: number;
  readonly dataDirectory?: string | undefined;
  readonly functionTimeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly onReport?: (report: RequestReport) => void;
}

export interface LocalServer {
  readonly url: string;
  readonly engine: Pick<Engine, 'name' | 'endpoint' | 'ended'>;
  readonly tables: { readonly idempotency: string; readonly cart: string };
  /** Ends the gateway and whatever was started for it. */
  stop(): Promise<void>;
}

/** Engine, tables and gateway. Whatever had been started is stopped again if a later part fails. */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { port, dataDirectory, functionTimeoutMs, env = process.env, onReport } = options;
  // The variables by which the deployed functions find their tables.
  const tables = {
    idempotency: env['IDEMPOTENCY_TABLE'] || 'idempotency',
    cart: env['CART_TABLE'] || 'cart',
  };
  const engine = await startEngine({ dataDirectory, env });
  const client = createEngineClient(engine.endpoint);
  try {
    await Promise.all([
      ensureIdempotencyTable(client, tables.idempotency),
      ensureCartTable(client, tables.cart),
    ]);
    const routes = sampleRoutes({
      client,
      idempotencyTable: tables.idempotency,
      cartTable: tables.cart,
      functionTimeoutMs,
    });
    const gateway = await startGateway({
      routes,
      port,
      landingPage,
      ...(onReport === undefined ? {} : { onReport }),
    });
    return {
      url: gateway.url,
      engine,
      tables,
      stop: async () => {
        await gateway.close();
        client.destroy();
        await engine.stop();
      },
    };
  } catch (error) {
    client.destroy();
    await engine.stop();
    throw error;
  }
}
