/** A server whose process is stopped and whose queue is full: the kernel accepts no connection more, and refuses none. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leanStore } from '../../support/lean.ts';

const LISTEN =
  "const s = require('net').createServer().listen(0, '127.0.0.1', 1, () => console.log(s.address().port))";

let stopped: ChildProcess;
let port: number;
const waiting: Socket[] = [];

beforeAll(async () => {
  stopped = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] });
  port = await new Promise((resolve) => stopped.stdout?.once('data', (line) => resolve(Number(line))));
  stopped.kill('SIGSTOP');
  await fillQueue();
});

afterAll(() => {
  for (const socket of waiting) socket.destroy();
  stopped.kill('SIGKILL');
});

/** Opens connections until one has to wait. */
async function fillQueue(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    waiting.push(socket);
    const connected = new Promise((resolve) => socket.once('connect', () => resolve(true)));
    if (!(await Promise.race([connected, pause(300).then(() => false)]))) return;
  }
  throw new Error('The kernel accepts every connection.');
}

test('a connection that does not come is given up after connectTimeoutMs, long before the request would be', async () => {
  const store = leanStore({
    tableName: 'orders',
    endpoint: `http://127.0.0.1:${port}`,
    connectTimeoutMs: 100,
    requestTimeoutMs: 20_000,
    maxAttempts: 2,
  });
  const startedMs = performance.now();
  await expect(store.read('orders#1')).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    cause: { name: 'TimeoutError', message: 'DynamoDB: no connection within 100 ms.' },
  });
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  store.destroy();
});
