import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that was free a moment ago. Engines do not report the port that they were given for 0, so it is
 * chosen here; somebody else may take it first, and whoever uses it must be ready to try another.
 */
export function findFreePort(): Promise<number> {
  return bindOnce(0);
}

/** Whether the port of 127.0.0.1 was free a moment ago. */
export async function isPortFree(port: number): Promise<boolean> {
  try {
    await bindOnce(port);
    return true;
  } catch {
    return false;
  }
}

function bindOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('A TCP server has no port.'));
        else resolve(address.port);
      });
    });
  });
}
