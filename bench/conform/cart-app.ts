/** The sample's cart as an Express application, for contenders that guard its one route. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import express, { type Request, type RequestHandler } from 'express';

export interface CartApp {
  readonly url: string;
  stop(): Promise<void>;
}

/** Adds a line to a cart, each time it is called. */
export type AddLine = (request: Request) => Promise<object>;

/** @param guard - makes the handler of `POST /cart/items` of what adds a line */
export async function startCartApp(guard: (addLine: AddLine) => RequestHandler[]): Promise<CartApp> {
  const carts = new Map<string, object[]>();
  const addLine: AddLine = async (request) => {
    await pause(Number(request.get('x-demo-work-ms') ?? 0));
    const line = { ...request.body, lineId: randomUUID() };
    const cartId = String(request.body.cartId);
    carts.set(cartId, [...(carts.get(cartId) ?? []), line]);
    return line;
  };
  const app = express();
  // Without it Express prints the stack of each error that a middleware hands on.
  app.set('env', 'test');
  app.use(express.json());
  app.post('/cart/items', ...guard(addLine));
  app.get('/cart/:cartId', (request, response) => {
    response.json({ lines: carts.get(request.params.cartId) ?? [] });
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
