import { Idempotency, IdempotencyError, IdempotencyErrorCodes } from '@node-idempotency/core';
import { MemoryStorageAdapter } from '@node-idempotency/storage-adapter-memory';
import type { Request, Response } from 'express';
import { type CartApp, startCartApp } from './cart-app.ts';

/** The package names its errors and leaves the statuses to whoever answers: these are those of the draft. */
const STATUSES: Readonly<Record<IdempotencyErrorCodes, number>> = {
  [IdempotencyErrorCodes.IDEMPOTENCY_KEY_MISSING]: 400,
  [IdempotencyErrorCodes.IDEMPOTENCY_KEY_LEN_EXEEDED]: 400,
  [IdempotencyErrorCodes.IDEMPOTENCY_FINGERPRINT_MISSMATCH]: 422,
  [IdempotencyErrorCodes.REQUEST_IN_PROGRESS]: 409,
};

/** As the README of the package shows its use, with a key required. */
export async function startNodeIdempotency(): Promise<CartApp> {
  const storage = new MemoryStorageAdapter();
  const guard = new Idempotency(storage, { enforceIdempotency: true });
  return startCartApp((addLine) => [
    async (request, response) => {
      try {
        const kept = await guard.onRequest<object, never>(paramsOf(request));
        if (kept !== undefined) {
          response.status(Number(kept.additional?.['status'])).json(kept.body);
          return;
        }
        const body = await addLine(request);
        await guard.onResponse(paramsOf(request), { body, additional: { status: 201 } });
        response.status(201).json(body);
      } catch (error) {
        refuse(error, response);
      }
    },
  ]);
}

function paramsOf({ method, headers, body, path }: Request) {
  return { method, headers, body, path };
}

function refuse(error: unknown, response: Response): void {
  if (!(error instanceof IdempotencyError)) throw error;
  response.status(STATUSES[error.code]).json({ code: error.code, message: error.message });
}
