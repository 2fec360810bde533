/** Stands between a client and a real server, and loses what it is told to lose. */
import { createServer, request as requestUpstream, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `before`: the request never arrives. `after`: it is served, and the answer is lost. `half`: half of the answer arrives. */
export type Loss = 'before' | 'after' | 'half' | 'none';

export interface FaultyProxy {
  readonly url: string;
  /** What becomes of the next requests, one each; nothing is lost afterwards. */
  lose(...losses: readonly Loss[]): void;
  /** Requests with their keys, those included that never arrived. */
  readonly keys: string[];
  stop(): Promise<void>;
}

export async function startFaultyProxy(upstreamUrl: string): Promise<FaultyProxy> {
  const plan: Loss[] = [];
  const keys: string[] = [];
  const server: Server = createServer((message, response) => {
    const loss = plan.shift() ?? 'none';
    keys.push(String(message.headers['idempotency-key'] ?? ''));
    if (loss === 'before') return void message.socket.destroy();
    const upstream = requestUpstream(
      new URL(message.url ?? '/', upstreamUrl),
      { method: message.method, headers: message.headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('end', () => {
          if (loss === 'after') return void message.socket.destroy();
          const body = Buffer.concat(chunks);
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          if (loss === 'none') return void response.end(body);
          response.write(body.subarray(0, body.length / 2), () => {
            // Once the half is on its way.
            setTimeout(() => message.socket.destroy(), 20);
          });
        });
      },
    );
    upstream.once('error', () => message.socket.destroy());
    message.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    lose: (...losses) => void plan.push(...losses),
    keys,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
