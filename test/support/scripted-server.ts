/** A real HTTP server that answers each request as it is told: once for each request of a script, then as the last line says. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** From 1: which connection it came over. */
  readonly connection: number;
}

/** What is done with one request. */
export type Line = (response: ServerResponse, socket: Socket) => void;

export interface ScriptedServer {
  readonly endpoint: string;
  /** The requests so far. */
  readonly received: readonly Received[];
  /** Connections that the server has accepted and that are open. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export async function startScriptedServer(
  script: readonly Line[],
  certificate?: Certificate,
): Promise<ScriptedServer> {
  const received: Received[] = [];
  const numbers = new Map<Socket, number>();
  const sockets = new Set<Socket>();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    received.push({ headers: request.headers, body, connection: numbers.get(request.socket) ?? 0 });
    const line = script[Math.min(received.length, script.length) - 1];
    line?.(response, request.socket);
  };
  const server: Server =
    certificate === undefined ? createServer(answer) : createTlsServer({ ...certificate }, answer);
  server.keepAliveTimeout = 60_000;
  server.on(certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    numbers.set(socket, numbers.size + 1);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A server that listens on a TCP port has one.
  return {
    endpoint: `http${certificate === undefined ? '' : 's'}://127.0.0.1:${port}`,
    received,
    sockets,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export function replying(status: number, body: object | string, headers: object = {}): Line {
  return (response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers }).end(text);
  };
}

export const succeeding = replying(200, {});

export function refusing(
  code: string,
  { status = 400, ...members }: { status?: number; [name: string]: unknown } = {},
) {
  return replying(status, {
    __type: `com.amazonaws.dynamodb.v20120810#${code}`,
    message: 'said so',
    ...members,
  });
}
