import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { answersDynamoDb } from '../../../lib/local/engine-readiness.ts';
import { testEndpoint } from '../../support/dynamodb.ts';
import { exchange } from '../../support/http-exchange.ts';
import {
  type LocalServerProcess,
  type LocalServerProcessOptions,
  runLocalCommand,
  startLocalServerProcess,
} from '../../support/local-server-process.ts';
import { until } from '../../support/until.ts';

/** Instead of Jest's 5 s: each test starts a process or two. */
jest.setTimeout(60_000);

const OWN_ENGINE = { DYNAMODB_ENDPOINT: undefined };

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bin-test-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Runs the command to its end. */
async function run(options: LocalServerProcessOptions) {
  let stdout = '';
  const child = runLocalCommand(options, (chunk) => {
    stdout += chunk;
  });
  await child.exited;
  return { stdout, stderr: child.lastWords(), exitCode: child.exitCode() };
}

describe('a command line that is wrong gives one line and exit code 2', () => {
  test.each<[string, LocalServerProcessOptions, RegExp]>([
    ['an unknown option', { args: ['--prot', '3000'] }, /'--prot'/],
    ['an argument that is no option', { args: ['3000'] }, /'3000'/],
    ['an option without its value', { args: ['--port'] }, /--port/],
    ['a port that is none', { args: ['--port', '70000'] }, /--port.*0 to 65535.*70000/],
    ['PORT that is none', { env: { PORT: 'http' } }, /PORT.*http/],
    ['a time-out that is none', { args: ['--timeout', '30'] }, /--timeout.*1 to 29/],
    [
      'a Valkey that is no URL',
      { args: ['--valkey', 'localhost'] },
      /--valkey.*redis:\/\/127\.0\.0\.1:6379.*localhost/,
    ],
    ['data without a folder', { args: ['--data', ''] }, /--data/],
    ['data for a running engine', { args: ['--data', 'x'] }, /DYNAMODB_ENDPOINT/],
    ['an endpoint that is no URL', { env: { DYNAMODB_ENDPOINT: 'localhost' } }, /http:\/\/127\.0\.0\.1:8000/],
  ])('%s', async (_description, options, message) => {
    const { stdout, stderr, exitCode } = await run(options);
    expect(stderr).toMatch(message);
    expect(stderr.split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });
});

describe('a machine that is not ready gives one line and exit code 1', () => {
  test('a taken port, and the engine that was started for it is gone', async () => {
    const port = new URL(testEndpoint()).port;
    const { stderr, exitCode } = await run({ args: ['--port', port], env: OWN_ENGINE });
    expect(stderr).toBe(`Port ${port} is taken. Choose another one: --port 3001, or 0 for any free one.`);
    expect(exitCode).toBe(1);
  });

  test('a running engine that does not run', async () => {
    const { stderr, exitCode } = await run({ env: { DYNAMODB_ENDPOINT: 'http://127.0.0.1:9' } });
    expect(stderr).toBe('No DynamoDB engine answers at http://127.0.0.1:9, which DYNAMODB_ENDPOINT names.');
    expect(exitCode).toBe(1);
  });
});

test('--help says the options', async () => {
  const { stdout, exitCode } = await run({ args: ['--help'] });
  for (const option of ['--port', '--data', '--timeout', '--valkey', '--json', 'DYNAMODB_ENDPOINT']) {
    expect(stdout).toContain(option);
  }
  expect(exitCode).toBe(0);
});

describe('stopping', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends the server and its engine, exit code 0',
    async (signal) => {
      const server = await startLocalServerProcess({ env: OWN_ENGINE });
      expect(server.endpoint).not.toBe(testEndpoint());
      expect(await isUp(server)).toEqual({ api: true, engine: true });
      process.kill(server.pid, signal);
      await server.process.exited;
      expect(server.process.exitCode()).toBe(0);
      expect(await isUp(server)).toEqual({ api: false, engine: false });
    },
  );

  test('works also while a handler runs, and does not wait for it', async () => {
    const server = await startLocalServerProcess({ env: OWN_ENGINE });
    const slow = add(server, { 'x-demo-work-ms': '10000' }).catch((error: Error) => error);
    await until('the handler runs', async () => (await add(server, {})).status === 409);
    const askedAtMs = performance.now();
    process.kill(server.pid, 'SIGINT');
    await server.process.exited;
    expect(performance.now() - askedAtMs).toBeLessThan(8_000);
    expect(await slow).toMatchObject({ code: 'ECONNRESET' });
    expect(await isUp(server)).toEqual({ api: false, engine: false });
  });

  test('a server that is killed leaves no engine behind', async () => {
    const server = await startLocalServerProcess({ env: OWN_ENGINE });
    process.kill(server.pid, 'SIGKILL');
    await server.process.exited;
    await until('the engine is gone', async () => !(await isUp(server)).engine);
  });

  test('leaves an engine running that it only used', async () => {
    const server = await startLocalServerProcess({ env: { DYNAMODB_ENDPOINT: testEndpoint() } });
    expect(server.endpoint).toBe(testEndpoint());
    await server.stop();
    expect(await isUp(server)).toEqual({ api: false, engine: true });
  });
});

test('--data keeps carts and keys from one start to the next', async () => {
  const options = { args: ['--data', join(directory, 'data')], env: OWN_ENGINE };
  const first = await startLocalServerProcess(options);
  const created = await add(first, {});
  await first.stop();
  const second = await startLocalServerProcess(options);
  const replayed = await add(second, {});
  await second.stop();
  expect([created.status, replayed.status]).toEqual([201, 200]);
  expect(replayed.body).toBe(created.body);
});

describe('the output', () => {
  test('has commands to try, which do what they say', async () => {
    let output = '';
    const child = runLocalCommand({ args: ['--port', '0'] }, (chunk) => {
      output += chunk;
    });
    await until(
      'the last command is printed',
      () => /\n# Another user[^\n]*\n[^\n]+\n/.test(output) || child.hasExited(),
      30_000,
    );
    const commands = output.split('\n').filter((line) => line.startsWith('curl') || line.startsWith('for '));
    expect(commands).toHaveLength(12);
    // The first three: first request, retry, other payload.
    const statuses: number[] = [];
    for (const command of commands.slice(0, 4)) statuses.push(await statusOf(command));
    expect(statuses).toEqual([201, 200, 422, 400]);
    await child.stop();
  });

  test('has a line for each request that names neither key nor payload', async () => {
    const server = await startLocalServerProcess();
    await add(server, {});
    await add(server, {});
    await until('both are reported', () => server.process.lastWords().split('\n').length >= 2);
    const [first, second] = server.process.lastWords().split('\n');
    expect(first).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}201 {2}POST \/cart\/items {2}\d+ ms {2}#\S{8} acquired, completed$/,
    );
    expect(second).toMatch(/ {2}200 {2}POST \/cart\/items {2}\d+ ms {2}#\S{8} replayed$/);
    expect(server.process.lastWords()).not.toContain(keyOf(server));
    expect(server.process.lastWords()).not.toContain('book-1');
    await server.stop();
  });
});

const keys = new Map<string, string>();

/** One key for each test. */
function keyOf(_server: LocalServerProcess): string {
  const name = expect.getState().currentTestName ?? '';
  const key = keys.get(name) ?? randomUUID();
  keys.set(name, key);
  return key;
}

function add(server: LocalServerProcess, headers: Record<string, string>) {
  return exchange({
    method: 'POST',
    url: `${server.url}/cart/items`,
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': keyOf(server), ...headers },
    body: JSON.stringify({ cartId: 'c1', sku: 'book-1', quantity: 1 }),
  });
}

async function isUp(server: LocalServerProcess): Promise<{ api: boolean; engine: boolean }> {
  const api = await exchange({ method: 'GET', url: `${server.url}/nothing` }).then(
    () => true,
    () => false,
  );
  return { api, engine: await answersDynamoDb(server.endpoint, { withinMs: 0 }) };
}

/** Runs a curl command as a shell would, and takes the status from the first line of its output. */
async function statusOf(command: string): Promise<number> {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command]);
  return Number(stdout.split(' ')[1]);
}
