import type { ConformSettings } from '../../lib/command-line/conform/settings.ts';
import { startLocalServer } from '../../lib/local/local-server.ts';
import { startExpressIdempotency } from './express-idempotency.ts';
import { startNodeIdempotency } from './node-idempotency.ts';

interface Contender {
  readonly name: string;
  start(): Promise<{ readonly url: string; stop(): Promise<void> }>;
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'lambda-idempotency', start: () => startLocalServer({ port: 0, functionTimeoutMs: 15_000 }) },
  { name: '@node-idempotency/core 1.0.11', start: startNodeIdempotency },
  { name: 'express-idempotency 1.0.6', start: startExpressIdempotency },
];

/** The same for all: a line in a cart of its own, a list of its lines, and a header that makes it take a while. */
export function settingsFor(url: string): ConformSettings {
  return {
    url: `${url}/cart/items`,
    method: 'POST',
    body: '{"cartId":"{{uuid}}","sku":"book-1","quantity":1}',
    otherBody: undefined,
    headers: [],
    otherCaller: [['x-demo-tenant', 'other']],
    keyHeader: 'Idempotency-Key',
    keyFormat: 'quoted',
    slowHeaders: [['x-demo-work-ms', '1500']],
    effects: { url: `${url}/cart/{{uuid}}`, pointer: '/lines' },
    timeoutMs: 30_000,
    parallel: 5,
  };
}
