/**
 * An HTTP server in the place of API Gateway: it turns requests into the events of an HTTP API, invokes functions
 * in this process, and turns what they return into answers.
 *
 * As in AWS, a client that goes away does not stop its function: what happens then is what this repository is about.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Loss } from './demo-loss.ts';
import { type GatewayAnswer, gatewayAnswer, gatewayMessage } from './gateway-answer.ts';
import { gatewayEvent } from './gateway-event.ts';
import { type InvocationOutcome, invoke } from './invocation.ts';
import { LocalRunError } from './local-run-error.ts';
import type { Happening, Observer } from './observation.ts';
import { matchRoute, type Route, type RouteMatch } from './route.ts';

/** Lambda's limit for a synchronous invocation, which comes before the gateway's own 10 MB. */
const REQUEST_MAX_BYTES = 6 * 1024 * 1024;

/** What became of one invocation, told when it is over. */
export interface RequestReport {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly outcome: InvocationOutcome['kind'];
  readonly notes: readonly string[];
  /** When the client went away, if it did before the answer was there; milliseconds after the request. */
  readonly clientLeftAfterMs: number | undefined;
}

export interface GatewayOptions {
  readonly routes: readonly Route[];
  /** 0 for any free one. */
  readonly port: number;
  readonly onReport?: (report: RequestReport) => void;
  /** Is told what happens to each request while it happens. */
  readonly observe?: Observer;
  /** Which requests and replies get lost; none without it. */
  readonly lossOf?: (headers: IncomingHttpHeaders) => Loss | undefined;
  /** Is asked before the routes, about everything that is not an API's. False for what it does not serve. */
  readonly servePage?: (message: IncomingMessage, response: ServerResponse) => Promise<boolean>;
}

export interface Gateway {
  /** `http://127.0.0.1:3000`, without a slash at the end. */
  readonly url: string;
  /** Stops listening and drops open connections; running handlers are not waited for, as in a crash. */
  close(): Promise<void>;
}

/** @throws LocalRunError if the port is taken or not ours to use */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const server = createServer((message, response) => {
    serve(message, response, options).catch((error: unknown) => {
      // Only a client that breaks off its upload ends here; a handler's errors are outcomes.
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explainListenError(error, options.port)));
    server.listen(options.port, '127.0.0.1', resolve);
  });
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  options: GatewayOptions,
): Promise<void> {
  const startedAtMs = performance.now();
  const requestId = randomUUID();
  const method = message.method ?? 'GET';
  const { path: encodedPath, query } = splitTarget(message.url ?? '/');
  const segments = decodeSegments(encodedPath);
  if (segments === undefined) return send(response, requestId, gatewayMessage(400, 'Bad Request'));

  if ((await options.servePage?.(message, response)) === true) return;
  const match = matchRoute(options.routes, method, segments);
  if (match === undefined) return send(response, requestId, gatewayMessage(404, 'Not Found'));
  const body = await readBody(message);
  if (body === undefined) {
    response.setHeader('connection', 'close');
    return send(response, requestId, gatewayMessage(413, 'Request Entity Too Large'));
  }

  const observe = observerOf(message, requestId, options.observe);
  const caller = message.headers['x-demo-tenant']?.toString();
  const path = segments.join('/');
  observe({ type: 'received', method, path, ...(caller === undefined ? {} : { caller }) });
  let clientLeftAfterMs: number | undefined;
  response.once('close', () => {
    if (response.writableEnded) return;
    clientLeftAfterMs = performance.now() - startedAtMs;
    observe({ type: 'client-left', afterMs: clientLeftAfterMs });
  });
  const loss = options.lossOf?.(message.headers);
  // Neither answered nor closed: the connection stays until the client gives it up.
  if (loss === 'request') return observe({ type: 'request-lost' });

  const request = { message, requestId, path, rawQueryString: query, body };
  const { answer, outcome, notes } = await answerOf(request, match, observe);
  const durationMs = performance.now() - startedAtMs;
  const fate = response.destroyed ? 'client-gone' : loss === 'reply' ? 'lost' : 'sent';
  observe({ ...answered(answer), fate });
  if (fate === 'sent') send(response, requestId, answer);
  options.onReport?.({
    method,
    path,
    status: answer.status,
    durationMs,
    outcome,
    notes,
    clientLeftAfterMs,
  });
}

async function answerOf(
  request: Parameters<typeof gatewayEvent>[0],
  match: RouteMatch,
  observe: (happening: Happening) => void,
) {
  const { outcome, notes } = await invoke(match.route.lambda, gatewayEvent(request, match), observe);
  if (outcome.kind === 'crashed' || outcome.kind === 'timed-out') {
    observe({ type: 'died', outcome: outcome.kind });
  }
  return { answer: gatewayAnswer(outcome), outcome: outcome.kind, notes };
}

function observerOf(
  { headers }: IncomingMessage,
  requestId: string,
  observer: Observer | undefined,
): (happening: Happening) => void {
  if (observer === undefined) return () => {};
  const run = headers['x-demo-run']?.toString();
  const of = { requestId, ...(run === undefined ? {} : { run }) };
  return (happening) => observer({ ...happening, ...of, atMs: Date.now() });
}

function answered({ status, headers, body }: GatewayAnswer) {
  const retryAfterSeconds = Number(headers.get('retry-after'));
  const isProblem = headers.get('content-type') === 'application/problem+json';
  const problem = isProblem ? problemOf(body) : undefined;
  return {
    type: 'answered',
    status,
    replayed: headers.get('idempotent-replayed') === 'true',
    ...(problem === undefined ? {} : { problem }),
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  } as const;
}

function problemOf(body: Buffer): string | undefined {
  try {
    const { type } = JSON.parse(body.toString()) as { readonly type?: unknown };
    return typeof type === 'string' ? type.slice(type.lastIndexOf(':') + 1) : undefined;
  } catch {
    // A handler may answer whatever it likes.
    return undefined;
  }
}

/** Not by `new URL`, which would tidy up what the function has to see. */
function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function decodeSegments(path: string): string[] | undefined {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // With an encoding set, chunks would be strings; none is set here.
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read on to the end without keeping it: a client that is still sending would not see the answer.
    if (bytes <= REQUEST_MAX_BYTES) chunks.push(chunk);
  }
  return bytes > REQUEST_MAX_BYTES ? undefined : Buffer.concat(chunks);
}

function send(response: ServerResponse, requestId: string, { status, headers, body }: GatewayAnswer): void {
  if (response.destroyed) return;
  for (const [name, value] of headers) response.setHeader(name, value);
  response.setHeader('apigw-requestid', requestId);
  // 204 and 304 have no body and must not announce one (RFC 9110, section 8.6).
  if (status !== 204 && status !== 304) response.setHeader('content-length', body.length);
  response.writeHead(status);
  response.end(body);
}

function explainListenError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new LocalRunError(
      `Port ${port} is taken. Choose another one: --port 3001, or 0 for any free one.`,
      {
        cause: error,
      },
    );
  }
  if (error.code === 'EACCES') {
    return new LocalRunError(
      `Port ${port} may not be used without privileges. Choose one above 1023: --port 3000.`,
      {
        cause: error,
      },
    );
  }
  return error;
}
