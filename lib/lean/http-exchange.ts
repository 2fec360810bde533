import type { Agent, IncomingMessage } from 'node:http';
import https from 'node:https';
import { nodeHttp } from '../http/node-http.ts';
import type { Endpoint } from './endpoint.ts';

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface HttpSettings {
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxSockets: number;
}

/**
 * The largest reply that is read. Those to this store hold at most the item of a condition, of 400 KB, for each of 100
 * writes whose items together have at most 4 MB; DynamoDB itself answers with no more than 16 MB to anything.
 */
const REPLY_MAX_BYTES = 16 * 1024 * 1024;

/** One try of a request after another, over connections that are kept open between them. */
export class HttpExchange {
  readonly #endpoint: Endpoint;
  readonly #settings: HttpSettings;
  readonly #agent: Agent;
  readonly #transport: Pick<typeof https, 'request'>;

  constructor(endpoint: Endpoint, settings: HttpSettings) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    const kept = { keepAlive: true, maxSockets: settings.maxSockets };
    if (endpoint.isTls) {
      // Said outright, since NODE_TLS_REJECT_UNAUTHORIZED would otherwise have a say.
      this.#agent = new https.Agent({ ...kept, rejectUnauthorized: true });
      this.#transport = https;
    } else {
      const http = nodeHttp();
      this.#agent = new http.Agent(kept);
      this.#transport = http;
    }
  }

  /**
   * Resolves to whatever was answered, and rejects where that did not come, or not as a whole. Nothing is left behind it:
   * no timer, no listener, and no connection that something may still come from.
   */
  post(headers: Record<string, string | number>, body: Buffer): Promise<HttpReply> {
    const { hostname, port } = this.#endpoint;
    const { connectTimeoutMs, requestTimeoutMs } = this.#settings;
    return new Promise((resolve, reject) => {
      const request = this.#transport.request({
        agent: this.#agent,
        hostname,
        port,
        method: 'POST',
        path: '/',
        headers,
      });
      const giveUp = (what: string) => request.destroy(timeoutError(what));
      const timer = setTimeout(() => giveUp(`no reply within ${requestTimeoutMs} ms`), requestTimeoutMs);
      let connectTimer: NodeJS.Timeout | undefined;
      const end = () => {
        clearTimeout(timer);
        clearTimeout(connectTimer);
      };
      const fail = (error: Error) => {
        end();
        if (request.reusedSocket) this.#closeIdle();
        reject(error);
      };
      request.on('error', fail);
      request.once('socket', (socket) => {
        if (!socket.connecting) return;
        connectTimer = setTimeout(
          () => giveUp(`no connection within ${connectTimeoutMs} ms`),
          connectTimeoutMs,
        );
        socket.once('connect', () => clearTimeout(connectTimer));
      });
      request.once('response', (response) => {
        readBody(response).then((read) => {
          end();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read });
        }, fail);
      });
      request.end(body);
    });
  }

  /** Closes all connections. Later requests open new ones. */
  destroy(): void {
    this.#agent.destroy();
  }

  /**
   * A sandbox that was frozen finds its connections closed by the other side, or forgotten by something between. Where one
   * of them has failed, the others of its age have probably, and the next try must not begin with one of these.
   */
  #closeIdle(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }
}

/** Events and not a loop over the stream, for which Node would make an iterator and its promises for each reply. */
function readBody(response: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      // Its connection goes with it.
      if (bytes > REPLY_MAX_BYTES) {
        response.destroy(new Error(`The reply has more than ${REPLY_MAX_BYTES} bytes.`));
      }
    });
    response.once('end', () => resolve(Buffer.concat(chunks)));
    response.once('error', reject);
    // Behind the two others; by itself where a reply ends without saying how. An error is not made in vain: its stack
    // costs more than all else here.
    response.once('close', () => {
      if (response.readableEnded) return;
      reject(Object.assign(new Error('The reply broke off.'), { code: 'ECONNRESET' }));
    });
  });
}

/** The name under which the SDK throws it and its retries know it. */
function timeoutError(what: string): Error {
  return Object.assign(new Error(`DynamoDB: ${what}.`), { name: 'TimeoutError' });
}
