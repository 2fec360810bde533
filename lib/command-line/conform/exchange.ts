/**
 * One HTTP exchange with nothing in between: no header is tidied up or joined, no redirect followed, no connection shared,
 * no request repeated. `fetch` does all of these.
 */
import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface ExchangeRequest {
  readonly method: string;
  readonly url: string;
  /** A list sends the header several times. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** More of an answer than this is not looked at. */
const BODY_MAX_BYTES = 10 * 1024 * 1024;

/** @throws Error whose message says why there is no answer */
export function exchange({ method, url, headers, body, timeoutMs }: ExchangeRequest): Promise<Answer> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: NodeJS.ErrnoException) =>
      reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : new Error(errorText(error)));
    const outgoing = request(url, { method, headers: { ...headers }, agent: false, signal }, (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > BODY_MAX_BYTES) incoming.destroy(new Error(`an answer of over ${BODY_MAX_BYTES} bytes`));
        else chunks.push(chunk);
      });
      incoming.once('error', fail);
      incoming.once('end', () => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.once('error', fail);
    outgoing.end(body);
  });
}

function errorText(error: NodeJS.ErrnoException): string {
  return error.code === undefined || error.message.includes(error.code)
    ? error.message
    : `${error.code}: ${error.message}`;
}
