/** A payment service on the loopback: charges a card once for each idempotency key, and shows what it did. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class PaymentService {
  readonly baseUrl: string;
  /** Amounts by idempotency key. */
  readonly charges = new Map<string, number>();
  /** How often it was asked to charge. */
  requests = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    // A server that listens on a TCP port has an address of this form.
    this.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', async (request, response) => {
      const { status, body } = this.#charge(
        String(request.headers['idempotency-key'] ?? ''),
        await bodyOf(request),
      );
      response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end(JSON.stringify(body));
    });
  }

  static async start(): Promise<PaymentService> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PaymentService(server);
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #charge(key: string, { amountCents, cardToken }: ChargeRequest): { status: number; body: object } {
    this.requests += 1;
    if (key === '') return { status: 400, body: { error: 'no key' } };
    if (cardToken === 'declined') return { status: 402, body: { error: 'declined' } };
    if (cardToken === 'broken') return { status: 500, body: { error: 'broken' } };
    const known = this.charges.get(key);
    if (known !== undefined && known !== amountCents) return { status: 422, body: { error: 'other amount' } };
    this.charges.set(key, amountCents);
    return { status: 201, body: { chargeId: `charge-${key}` } };
  }
}

interface ChargeRequest {
  readonly amountCents: number;
  readonly cardToken: string;
}

async function bodyOf(request: IncomingMessage): Promise<ChargeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  // The sample's own client wrote it.
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChargeRequest;
}
