/**
 * A TCP proxy on the loopback between a real client and a real server, which does to chosen commands what networks and
 * servers do. Replies come in the order of their commands, so that a connection on which one was swallowed can only be silent
 * from then on, as a network is that drops everything.
 */
import { randomInt } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import {
  ACQUIRE,
  COMPLETE,
  READ,
  RECORD_STEP,
  RELEASE,
  RENEW,
  TAKE_OVER,
} from '../../../lib/valkey/scripts.ts';
import type { PlannedFault } from '../../faults/fault.ts';
import { FaultPlan } from '../../faults/fault-plan.ts';
import type { ProxiedOperation, StoreOperation } from '../../faults/store-operation.ts';
import { type Command, CommandReader } from './resp.ts';
import { isRefusal, REFUSALS, type ValkeyFault } from './valkey-fault.ts';

/** Well below every time-out of the clients in these suites. */
const DELAY_MS = 50;
/** So long nobody listens. The client's second try, or its third, finds somebody. */
const REFUSED_MS = 40;

const SCRIPTS = {
  acquire: ACQUIRE,
  takeOver: TAKE_OVER,
  renew: RENEW,
  recordStep: RECORD_STEP,
  complete: COMPLETE,
  release: RELEASE,
  read: READ,
} as const satisfies Partial<Record<StoreOperation, unknown>>;

/** A script that the server does not know yet is sent a second time, whole: the same request, not another. */
function operationOf({ words }: Command): StoreOperation | undefined {
  const [name, script] = words.map(String);
  if (name?.toUpperCase() !== 'EVALSHA') return undefined;
  const found = Object.entries(SCRIPTS).find(([, { sha1 }]) => sha1 === script);
  return found?.[0] as StoreOperation | undefined; // A key of SCRIPTS.
}

export class RespProxy {
  readonly port: number;
  readonly #serverPort: number;
  readonly #plan = new FaultPlan<ValkeyFault>();
  readonly #connections = new Set<Socket>();
  #listener: Server;
  #stuck: Buffer[] = [];
  #reopened: Promise<void> = Promise.resolve();

  private constructor(listener: Server, serverPort: number) {
    this.#listener = listener;
    this.#serverPort = serverPort;
    this.port = (listener.address() as AddressInfo).port; // A server that listens on TCP has an address of this form.
    this.#serve(listener);
  }

  static async start(serverPort: number): Promise<RespProxy> {
    return new RespProxy(await listenOutOfTheWay(), serverPort);
  }

  /** Replaces the plan, and counts from 1 again. */
  plan(...faults: readonly PlannedFault<ValkeyFault>[]): void {
    this.#plan.replace(faults);
  }

  get strikes(): readonly ProxiedOperation[] {
    return this.#plan.strikes;
  }

  /** The network is well again, and whatever hung on it has gone; what is stuck stays so. */
  async heal(): Promise<void> {
    this.plan();
    for (const socket of this.#connections) socket.destroy();
    await this.#reopened;
  }

  /** Hands the stuck commands to the server, in the order in which they came, and tells what became of each. */
  async deliverStuckRequests(): Promise<('applied' | 'refused')[]> {
    const stuck = this.#stuck;
    this.#stuck = [];
    const outcomes: ('applied' | 'refused')[] = [];
    for (const bytes of stuck) outcomes.push(await this.#exchange(bytes));
    return outcomes;
  }

  async close(): Promise<void> {
    await this.#reopened;
    await this.#stopListening();
  }

  #serve(listener: Server): void {
    listener.on('connection', (client) => this.#join(client));
  }

  #join(client: Socket): void {
    const server = connect(this.#serverPort, '127.0.0.1');
    const connection = new Connection(client, server);
    this.#connections.add(client);
    client.once('close', () => this.#connections.delete(client));
    const reader = new CommandReader();
    client.on('data', (chunk: Buffer) => {
      for (const command of reader.read(chunk)) this.#pass(command, connection);
    });
  }

  #pass(command: Command, connection: Connection): void {
    const operation = operationOf(command);
    const fault =
      operation === undefined || connection.isSilent
        ? undefined
        : (this.#plan.faultBehindConnection(operation) ?? this.#refusal(operation));
    if (fault === undefined) connection.forward(command.bytes);
    else if (isRefusal(fault)) connection.reply(REFUSALS[fault]);
    else this.#strike(fault, command.bytes, connection);
  }

  #strike(fault: Exclude<ValkeyFault, keyof typeof REFUSALS>, bytes: Buffer, connection: Connection): void {
    switch (fault) {
      case 'reply delayed':
        connection.forward(bytes, (reply) => void pause(DELAY_MS).then(() => connection.reply(reply)));
        break;
      case 'reply lost':
        connection.forward(bytes, () => connection.reset());
        break;
      case 'reply cut off in the middle':
        connection.forward(bytes, (reply) => connection.cutOff(reply));
        break;
      case 'no reply, until the client gives up':
        connection.forward(bytes);
        connection.fallSilent();
        break;
      case 'request lost':
        connection.reset();
        break;
      case 'connection refused':
        this.#reopened = this.#refuseForAWhile();
        break;
      case 'request stuck, until the client gives up':
        connection.fallSilent();
        break;
      case 'request stuck, and delivered late':
        this.#stuck.push(Buffer.from(bytes));
        connection.fallSilent();
        break;
    }
  }

  /** It is learnt of from the command, and then holds for the next connections: the plan keeps it apart from the others. */
  #refusal(operation: StoreOperation): ValkeyFault | undefined {
    return this.#plan.refusesConnection(operation) ? 'connection refused' : undefined;
  }

  async #refuseForAWhile(): Promise<void> {
    await this.#stopListening();
    await pause(REFUSED_MS);
    this.#listener = await listen(this.port);
    this.#serve(this.#listener);
  }

  async #stopListening(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const socket of this.#connections) socket.resetAndDestroy();
    await closed;
  }

  #exchange(bytes: Buffer): Promise<'applied' | 'refused'> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#serverPort, '127.0.0.1', () => socket.write(bytes));
      socket.once('error', reject);
      socket.once('data', (reply) => {
        socket.destroy();
        // An array whose first entry is 0 or 1; see scripts.ts.
        const outcome = /^\*\d\r\n:([01])/.exec(reply.toString('latin1'))?.[1];
        if (outcome === undefined) reject(new Error(`Neither applied nor refused: ${reply}`));
        else resolve(outcome === '1' ? 'applied' : 'refused');
      });
    });
  }
}

class Connection {
  isSilent = false;
  readonly #client: Socket;
  readonly #server: Socket;
  #onReply: ((reply: Buffer) => void) | undefined;

  constructor(client: Socket, server: Socket) {
    this.#client = client;
    this.#server = server;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    client.on('error', end).on('close', end);
    server.on('error', end).on('close', end);
    server.on('data', (reply: Buffer) => {
      if (this.isSilent) return;
      const handle = this.#onReply;
      this.#onReply = undefined;
      if (handle === undefined) client.write(reply);
      else handle(reply);
    });
  }

  /** The reply goes to `handle`, or to the client. These suites' replies to one command come in one piece. */
  forward(bytes: Buffer, handle?: (reply: Buffer) => void): void {
    if (this.isSilent) return;
    this.#onReply = handle;
    this.#server.write(bytes);
  }

  reply(bytes: Buffer | string): void {
    this.#client.write(bytes);
  }

  fallSilent(): void {
    this.isSilent = true;
  }

  reset(): void {
    this.#client.resetAndDestroy();
  }

  cutOff(reply: Buffer): void {
    this.#client.write(reply.subarray(0, Math.floor(reply.length / 2)), () => this.#client.destroy());
  }
}

/**
 * On a port that no system gives to outgoing connections (Linux: from 32768 on). While nobody listens, one of these could take
 * it, and the proxy could not come back.
 */
async function listenOutOfTheWay(): Promise<Server> {
  for (;;) {
    try {
      return await listen(randomInt(20_000, 32_000));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

function listen(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
