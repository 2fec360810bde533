/**
 * A real server on the loopback interface that runs each operation once a key, as the server's half promises, and that
 * misbehaves on the way there and back as it is told: a behaviour for each request to come, and good manners afterwards.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { until } from '../support/until.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly keys: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly atMs: number;
}

/** Nobody waits for an answer that is still to come when the tests are over. */
const pause = (ms: number) => pauseFor(ms, undefined, { ref: false });

interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** Runs the operation, or finds its result. */
  readonly serve: () => Answer;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Behaviour = (exchange: Exchange) => void | Promise<void>;

/** The connection breaks before anything was done. */
export const dropBefore: Behaviour = ({ message }) => void message.socket.destroy();

/** The operation takes effect, and nobody is told. */
export const dropAfter: Behaviour = ({ message, serve }) => {
  serve();
  message.socket.destroy();
};

/** The operation takes effect, and its answer breaks off in the middle. */
export const resetMidBody: Behaviour = async ({ message, response, serve }) => {
  const { status, headers, body } = serve();
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.write(body.slice(0, body.length / 2));
  await pause(20); // For the head to arrive.
  message.socket.destroy();
};

/** The operation takes effect, and the answer comes in two halves. */
export const slowBody =
  (ms: number): Behaviour =>
  async ({ response, serve }) => {
    const { status, headers, body } = serve();
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.write(body.slice(0, body.length / 2));
    await pause(ms);
    response.end(body.slice(body.length / 2));
  };

export const delayed =
  (ms: number): Behaviour =>
  async ({ response, serve }) => {
    const answer = serve();
    await pause(ms);
    send(response, answer);
  };

/** The operation takes effect, and there is no answer at all. */
export const silence: Behaviour = ({ serve }) => void serve();

/** Something else answers: a gateway, a rate limiter, a bug. */
export const answers =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Behaviour =>
  ({ response }) =>
    send(response, { status, headers, body });

export const problem = (status: number, code: string, headers: Readonly<Record<string, string>> = {}) =>
  answers(
    status,
    { 'content-type': 'application/problem+json', ...headers },
    JSON.stringify({ type: `urn:lambda-idempotency:problem:${code}`, title: code, status }),
  );

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers);
  response.end(body);
}

export class UnrulyServer {
  readonly received: Received[] = [];
  readonly #plan: Behaviour[] = [];
  #always: Behaviour | undefined;
  readonly #results = new Map<string, string>();
  readonly #server = createServer((message, response) => void this.#handle(message, response));

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  get url(): string {
    // A TCP server that listens has an address with a port.
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/cart/items`;
  }

  /** What happens to the next requests, one each. */
  plan(...behaviours: readonly Behaviour[]): void {
    this.#plan.push(...behaviours);
  }

  /** What happens to all requests that no plan is for. */
  always(behaviour: Behaviour): void {
    this.#always = behaviour;
  }

  /** How many operations took effect. */
  get effects(): number {
    return this.#results.size;
  }

  /** The different keys that were received. */
  get keys(): string[] {
    return [...new Set(this.received.flatMap(({ keys }) => keys))];
  }

  /** Resolves when so many requests have arrived. */
  async arrived(count: number): Promise<void> {
    await until(`${count} requests have arrived`, () => this.received.length >= count);
  }

  reset(): void {
    this.received.length = 0;
    this.#plan.length = 0;
    this.#always = undefined;
    this.#results.clear();
  }

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
    const received: Received = {
      method: message.method ?? '',
      path: message.url ?? '',
      keys: message.headersDistinct['idempotency-key'] ?? [],
      headers: message.headers,
      body: Buffer.concat(chunks).toString('utf8'),
      atMs: performance.now(),
    };
    this.received.push(received);
    const serve = () => this.#serve(received);
    const behaviour = this.#plan.shift() ?? this.#always ?? delayed(0);
    await behaviour({ message, response, serve });
  }

  #serve({ keys: [key = ''], body }: Received): Answer {
    const recorded = this.#results.get(key);
    const result = recorded ?? JSON.stringify({ line: this.#results.size + 1, sent: body });
    this.#results.set(key, result);
    return {
      status: recorded === undefined ? 201 : 200,
      headers: {
        'content-type': 'application/json',
        ...(recorded === undefined ? {} : { 'idempotent-replayed': 'true' }),
      },
      body: result,
    };
  }
}

/** One server for the tests of a file, as new before each. Call the result inside tests only. */
export function useUnrulyServer(): () => UnrulyServer {
  const server = new UnrulyServer();
  beforeAll(() => server.start());
  beforeEach(() => server.reset());
  afterAll(() => server.stop());
  return () => server;
}
