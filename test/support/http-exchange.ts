/**
 * One HTTP exchange with nothing in between: no header is tidied up or joined, no request is repeated, and the
 * connection can be dropped. `fetch` does the first two and hides the third.
 */

import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface ExchangeRequest {
  readonly method: string;
  readonly url: string;
  /** A list sends the header several times. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  /** Drops the connection when it aborts. */
  readonly signal?: AbortSignal;
}

export interface ExchangeResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  json(): unknown;
}

export function exchange({
  method,
  url,
  headers = {},
  body,
  signal,
}: ExchangeRequest): Promise<ExchangeResponse> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers: { ...headers }, agent: false, ...(signal === undefined ? {} : { signal }) },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: text,
            json: () => JSON.parse(text),
          });
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
