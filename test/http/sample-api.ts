/**
 * The deployment under test. `BASE_URL` names one that is there already, and this suite knows nothing of it but its
 * URL; without it the suite starts the local server.
 *
 * - `DEMO_HEADERS=1` says that `BASE_URL` is a local server, which obeys the `x-demo-*` headers. Without it the checks
 *   that need them are reported as not run.
 * - `AUTHORIZATION` is sent as the header of that name, for a deployment with an authorizer.
 */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { type ExchangeResponse, exchange } from '../support/http-exchange.ts';
import {
  type LocalServerProcess,
  type LocalServerProcessOptions,
  startLocalServerProcess,
} from '../support/local-server-process.ts';

/** Per test, instead of Jest's 5 s: leases have to run out, and a deployment may be far away. */
jest.setTimeout(60_000);

const deploymentUrl = process.env['BASE_URL']?.replace(/\/$/, '') || undefined;
const authorization = process.env['AUTHORIZATION'];

/** Whether the `x-demo-*` headers are obeyed. */
export const hasDemoHeaders = deploymentUrl === undefined || process.env['DEMO_HEADERS'] === '1';

/** For checks that need the demo headers. Where they cannot run, the output says so. */
export function describeWithDemoHeaders(title: string, body: () => void): void {
  if (hasDemoHeaders) describe(title, body);
  else skipLoudly(title, 'BASE_URL may ignore the x-demo-* headers; set DEMO_HEADERS=1 if it does not', body);
}

/** For checks that look into the tables or start processes of their own. */
export function describeOnLocalServer(title: string, body: () => void): void {
  if (deploymentUrl === undefined) describe(title, body);
  else skipLoudly(title, 'needs a local server of its own, and BASE_URL names a deployment', body);
}

/** Jest shows no title of a file in which everything is skipped, so the reason is written beside its report too. */
function skipLoudly(title: string, reason: string, body: () => void): void {
  process.stderr.write(`NOT RUN: ${title} (${reason})\n`);
  describe.skip(`${title} [NOT RUN: ${reason}]`, body);
}

export interface Line {
  readonly lineId: string;
  readonly cartId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly addedAt: string;
}

export interface AddRequest {
  readonly key?: string | string[];
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface SampleApi {
  readonly baseUrl: string;
  /** `POST /cart/items`. A body that is no string is sent as JSON. */
  add(request: AddRequest): Promise<ExchangeResponse>;
  /** The lines of `GET /cart/{cartId}`. */
  lines(cartId: string): Promise<Line[]>;
}

export function sampleApiAt(baseUrl: string): SampleApi {
  const common = authorization === undefined ? {} : { Authorization: authorization };
  return {
    baseUrl,
    add: ({ key, body, headers, signal }) =>
      exchange({
        method: 'POST',
        url: `${baseUrl}/cart/items`,
        headers: {
          'Content-Type': 'application/json',
          ...common,
          ...(key === undefined ? {} : { 'Idempotency-Key': key }),
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      }),
    lines: async (cartId) => {
      const response = await exchange({ method: 'GET', url: `${baseUrl}/cart/${cartId}`, headers: common });
      if (response.status !== 200) throw new Error(`GET /cart answered ${response.status}: ${response.body}`);
      // The shape of our own API, which the contract suite checks.
      return (response.json() as { lines: Line[] }).lines;
    },
  };
}

/** Serves the suite of one file. Call at the top of the file, and the result inside tests only. */
export function useSampleApi(options?: LocalServerProcessOptions): () => SampleApi {
  let server: LocalServerProcess | undefined;
  beforeAll(async () => {
    if (deploymentUrl === undefined) server = await startLocalServerProcess(options);
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
  });
  return () => {
    const baseUrl = deploymentUrl ?? server?.url;
    if (baseUrl === undefined) throw new Error('The sample API is there only while tests run.');
    return sampleApiAt(baseUrl);
  };
}

/** A cart that nobody else uses. */
export function newCartId(): string {
  return `test-${randomUUID()}`;
}

/** A valid request for one line of a new cart. */
export function newLine(changes: Readonly<Record<string, unknown>> = {}): Readonly<
  Record<string, unknown>
> & {
  readonly cartId: string;
} {
  return { cartId: newCartId(), sku: 'book-1', quantity: 2, ...changes };
}
