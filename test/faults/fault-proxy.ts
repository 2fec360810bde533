/**
 * An HTTP proxy on the loopback between the real SDK client and a real engine, which does to chosen requests what
 * networks and services do. Everything above it, the SDK's retries included, is what runs in production.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type EngineReply,
  type EngineRequest,
  exchangeWithEngine,
  withoutOldItem,
} from './engine-exchange.ts';
import type { Fault, PlannedFault } from './fault.ts';
import { FaultPlan } from './fault-plan.ts';
import { type ProxiedOperation, storeOperationOf } from './store-operation.ts';

/** Well below every time-out of the clients in these suites. */
const DELAY_MS = 50;

export class FaultProxy {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #engineEndpoint: string;
  readonly #plan = new FaultPlan();
  #stuck: EngineRequest[] = [];
  #withholdsOldItems = false;

  private constructor(server: Server, engineEndpoint: string) {
    this.#server = server;
    this.#engineEndpoint = engineEndpoint;
    // A server that listens on a TCP port has an address of this form.
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => {
      // A bug of the proxy's own ends the exchange, and the test by what it then expects in vain.
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(engineEndpoint: string): Promise<FaultProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new FaultProxy(server, engineEndpoint);
  }

  /** Replaces the plan, and counts from 1 again. Of several faults for one request, the first planned strikes. */
  plan(...faults: readonly PlannedFault[]): void {
    this.#plan.replace(faults);
  }

  /** The network is well again; what is stuck stays so. */
  heal(): void {
    this.plan();
    this.#withholdsOldItems = false;
  }

  /** From now on, as with an engine that does not return the item that a condition failed on. */
  withholdOldItems(): void {
    this.#withholdsOldItems = true;
  }

  /** The operations that a fault has struck since the plan was made. */
  get strikes(): readonly ProxiedOperation[] {
    return this.#plan.strikes;
  }

  /** For the client to ask before each try: its request would not get as far as to this proxy. */
  refusesConnection(operation: ProxiedOperation): boolean {
    return this.#plan.refusesConnection(operation);
  }

  /** Hands the stuck requests to the engine, in the order in which they came. Their clients have long gone. */
  async deliverStuckRequests(): Promise<readonly EngineReply[]> {
    const stuck = this.#stuck;
    this.#stuck = [];
    const replies: EngineReply[] = [];
    for (const request of stuck) replies.push(await exchangeWithEngine(this.#engineEndpoint, request));
    return replies;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const request: EngineRequest = {
      path: incoming.url ?? '/',
      headers: incoming.headers,
      body: Buffer.concat(chunks),
    };
    const fault = this.#nextFault(request);
    const forward = async () => {
      const reply = await exchangeWithEngine(this.#engineEndpoint, request);
      return this.#withholdsOldItems ? withoutOldItem(reply) : reply;
    };

    switch (fault) {
      case undefined:
      case 'connection refused': // Struck elsewhere: what comes here has a connection.
        return send(response, await forward());
      case 'reply delayed': {
        const reply = await forward();
        await pause(DELAY_MS);
        return send(response, reply);
      }
      case 'reply lost':
        await forward();
        return abort(response);
      case 'reply cut off in the middle':
        return cutOff(response, await forward());
      case 'no reply, until the client gives up':
        await forward();
        return;
      case 'request lost':
        return abort(response);
      case 'request stuck, until the client gives up':
        return;
      case 'request stuck, and delivered late':
        this.#stuck.push(request);
        return;
      case 'ProvisionedThroughputExceededException':
        return send(response, failure(400, 'com.amazonaws.dynamodb.v20120810#', fault));
      case 'ThrottlingException':
        return send(response, failure(400, 'com.amazon.coral.availability#', fault));
      case 'conflict with a transaction':
        return send(response, conflict(request));
      case 'status 500':
        return send(response, failure(500, 'com.amazonaws.dynamodb.v20120810#', 'InternalServerError'));
      case 'status 503':
        // From a load balancer in front of the service: not even JSON.
        return send(response, {
          status: 503,
          headers: { 'content-type': 'text/html' },
          body: Buffer.from('<h1>503 Service Unavailable</h1>'),
        });
    }
  }

  #nextFault({ headers, body }: EngineRequest): Fault | undefined {
    const target = headers['x-amz-target'];
    const operation = storeOperationOf(Array.isArray(target) ? target[0] : target, body.toString('utf8'));
    return operation === undefined ? undefined : this.#plan.faultBehindConnection(operation);
  }
}

function send(response: ServerResponse, { status, headers, body }: EngineReply): void {
  response.writeHead(status, replyHeaders(headers, body));
  response.end(body);
}

/** A reset, as from a host that has gone: nothing of the reply arrives. */
function abort(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

/** Promises the whole body and sends half of it. */
function cutOff(response: ServerResponse, { status, headers, body }: EngineReply): void {
  response.writeHead(status, replyHeaders(headers, body));
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.destroy());
}

/** The engine's checksum and framing were those of its own reply and connection. */
function replyHeaders(headers: EngineReply['headers'], body: Buffer): Record<string, string | number> {
  return {
    'content-type': headers['content-type'] ?? 'application/x-amz-json-1.0',
    'content-length': body.length,
  };
}

function conflict({ body }: EngineRequest): EngineReply {
  // The SDK's own serializer wrote it; only transactions have this member.
  const { TransactItems: items } = JSON.parse(body.toString('utf8')) as {
    readonly TransactItems?: readonly unknown[];
  };
  if (items === undefined) {
    return failure(400, 'com.amazonaws.dynamodb.v20120810#', 'TransactionConflictException');
  }
  const CancellationReasons = items.map((_, index) => ({
    Code: index === 0 ? 'TransactionConflict' : 'None',
  }));
  return failure(400, 'com.amazonaws.dynamodb.v20120810#', 'TransactionCanceledException', {
    CancellationReasons,
  });
}

function failure(status: number, prefix: string, type: string, members: object = {}): EngineReply {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: Buffer.from(
      JSON.stringify({ __type: `${prefix}${type}`, message: 'made by the fault proxy', ...members }),
    ),
  };
}
