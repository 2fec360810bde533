/** The sample's cart behind `express-idempotency`, as the README of that package shows its use. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import { getSharedIdempotencyService, idempotency } from 'express-idempotency';

export interface ExpressCart {
  readonly url: string;
  close(): Promise<void>;
}

export async function startExpressCart(): Promise<ExpressCart> {
  const lines = new Map<string, object[]>();
  const app = express();
  // Without it Express prints the stack of each error that the middleware hands on.
  app.set('env', 'test');
  app.use(express.json());
  app.post('/cart/items', idempotency(), async (request, response) => {
    if (getSharedIdempotencyService().isHit(request)) return;
    await pause(Number(request.get('x-demo-work-ms') ?? 0));
    const line = { ...request.body, lineId: randomUUID() };
    const cartId = String(request.body.cartId);
    lines.set(cartId, [...(lines.get(cartId) ?? []), line]);
    response.status(201).json(line);
  });
  app.get('/cart/:cartId', (request, response) => {
    response.json({ lines: lines.get(request.params.cartId) ?? [] });
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
