import { getSharedIdempotencyService, idempotency } from 'express-idempotency';
import { type CartApp, startCartApp } from './cart-app.ts';

/** As the README of the package shows its use. */
export function startExpressIdempotency(): Promise<CartApp> {
  return startCartApp((addLine) => [
    idempotency(),
    async (request, response) => {
      if (getSharedIdempotencyService().isHit(request)) return;
      response.status(201).json(await addLine(request));
    },
  ]);
}
