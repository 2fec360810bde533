/** A TCP connection through this process, on which nothing moves any more from a certain moment on. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class StallingPipe {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isStalled = false;

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port; // A server that listens on TCP has an address of this form.
    server.on('connection', (near) => {
      const far = connect(targetPort, '127.0.0.1');
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  static async to(targetPort: number): Promise<StallingPipe> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new StallingPipe(server, targetPort);
  }

  /** What comes from now on is dropped, and the connections stay open: neither side can tell. */
  stall(): void {
    this.#isStalled = true;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
    from.on('data', (chunk) => {
      if (!this.#isStalled) to.write(chunk);
    });
  }
}
