import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startContainerEngine } from '../../../lib/local/container-engine.ts';
import { findEmbeddedEngine, startEmbeddedEngine } from '../../../lib/local/embedded-engine.ts';
import { type EngineFinder, startEngine } from '../../../lib/local/engine.ts';
import { createEngineClient } from '../../../lib/local/engine-client.ts';
import { answersDynamoDb } from '../../../lib/local/engine-readiness.ts';
import { spawnEngine } from '../../../lib/local/spawned-engine.ts';
import { ensureCartTable, ensureIdempotencyTable } from '../../../lib/local/tables.ts';
import { startTethered } from '../../../lib/local/tethered-process.ts';
import { testEndpoint } from '../../support/dynamodb.ts';
import { until } from '../../support/until.ts';

/** Instead of Jest's 5 s: processes are started here. */
jest.setTimeout(60_000);

const REPOSITORY_ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const WITHOUT_ENDPOINT = { ...process.env, DYNAMODB_ENDPOINT: undefined };

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'engine-test-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function answers(endpoint: string): Promise<boolean> {
  return answersDynamoDb(endpoint, { withinMs: 0 });
}

describe('an engine that was started', () => {
  test('answers when it is given out, and is gone when stopped', async () => {
    const engine = await startEngine({ env: WITHOUT_ENDPOINT });
    expect(await answers(engine.endpoint)).toBe(true);
    await engine.stop();
    expect(await answers(engine.endpoint)).toBe(false);
    await engine.ended;
  });

  test('stops without complaint when it is stopped again', async () => {
    const engine = await startEngine({ env: WITHOUT_ENDPOINT });
    await Promise.all([engine.stop(), engine.stop()]);
    await engine.stop();
    expect(await answers(engine.endpoint)).toBe(false);
  });

  test('does not outlive its parent, even one that is killed', async () => {
    const script = `
      import { startEngine } from './lib/local/engine.ts';
      const engine = await startEngine();
      console.log(JSON.stringify({ pid: process.pid, endpoint: engine.endpoint }));
    `;
    let output = '';
    const parent = startTethered({
      command: process.execPath,
      args: ['--import', 'tsx', '--input-type=module', '--eval', script],
      cwd: REPOSITORY_ROOT,
      env: { ...WITHOUT_ENDPOINT, NODE_OPTIONS: undefined },
      onOutput: (chunk) => {
        output += chunk;
      },
    });
    await until('the parent has an engine', () => output.includes('\n') || parent.hasExited(), 30_000);
    const { pid, endpoint } = JSON.parse(output) as { pid: number; endpoint: string };
    expect(await answers(endpoint)).toBe(true);
    process.kill(pid, 'SIGKILL');
    await parent.exited;
    await until('the engine is gone', async () => !(await answers(endpoint)));
  });

  test('keeps its data in a folder, across restarts', async () => {
    const dataDirectory = join(directory, 'data', 'deeper');
    const first = await startEngine({ dataDirectory, env: WITHOUT_ENDPOINT });
    const client = createEngineClient(first.endpoint);
    await ensureIdempotencyTable(client, 'kept');
    await client.send(new PutItemCommand({ TableName: 'kept', Item: { id: { S: 'a' } } }));
    client.destroy();
    await first.stop();

    const second = await startEngine({ dataDirectory, env: WITHOUT_ENDPOINT });
    const secondClient = createEngineClient(second.endpoint);
    await ensureIdempotencyTable(secondClient, 'kept');
    const { Item: item } = await secondClient.send(
      new GetItemCommand({ TableName: 'kept', Key: { id: { S: 'a' } } }),
    );
    secondClient.destroy();
    await second.stop();
    expect(item).toEqual({ id: { S: 'a' } });
  });
});

describe('a running engine', () => {
  test('is used, and left running', async () => {
    const engine = await startEngine({ env: { DYNAMODB_ENDPOINT: testEndpoint() } });
    expect(engine.endpoint).toBe(testEndpoint());
    await engine.stop();
    expect(await answers(testEndpoint())).toBe(true);
  });

  test('that does not answer is an error that names it', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const endpoint = `http://127.0.0.1:${port}`;
    await expect(startEngine({ env: { DYNAMODB_ENDPOINT: endpoint } })).rejects.toThrow(
      `No DynamoDB engine answers at ${endpoint}, which DYNAMODB_ENDPOINT names.`,
    );
    server.close();
  });

  test('needs a URL', async () => {
    await expect(startEngine({ env: { DYNAMODB_ENDPOINT: '8000' } })).rejects.toMatchObject({
      message: expect.stringContaining('http://127.0.0.1:8000'),
      exitCode: 2,
    });
  });

  test('cannot be told where to keep its data', async () => {
    const starting = startEngine({ env: { DYNAMODB_ENDPOINT: testEndpoint() }, dataDirectory: directory });
    await expect(starting).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('the search for an engine', () => {
  test('ends with what to install where there is none', async () => {
    await expect(startEngine({}, [])).rejects.toMatchObject({
      message: expect.stringMatching(/npm install.*Java 17.*Docker.*DYNAMODB_ENDPOINT/),
      exitCode: 1,
    });
  });

  test('takes the first that there is', async () => {
    const none: EngineFinder = async () => undefined;
    const tooFar: EngineFinder = async () => {
      throw new Error('This one is not to be asked.');
    };
    const engine = {
      name: 'first',
      endpoint: 'http://127.0.0.1:1',
      ended: Promise.resolve(),
      stop: async () => {},
    };
    expect(await startEngine({}, [none, async () => async () => engine, tooFar])).toBe(engine);
  });

  test('does not take a folder without DynamoDB Local for one', async () => {
    const { findDynamoDbLocal } = await import('../../../lib/local/dynamodb-local.ts');
    expect(() => findDynamoDbLocal({ DYNAMODB_LOCAL_DIR: directory })).toThrow('DynamoDBLocal.jar');
  });
});

// No container engine where these tests have to run: a program in its place, which does what the arguments ask for.
describe('a container', () => {
  test('publishes the engine on a port of ours, and is ended with it', async () => {
    const fakeDocker = await writeProgram(
      'docker',
      `for argument in "$@"; do case "$argument" in 127.0.0.1:*:8000) port="\${argument#127.0.0.1:}"; port="\${port%:8000}";; esac; done
       exec "${embeddedProgram()}" --port "$port"`,
    );
    const engine = await startContainerEngine(fakeDocker);
    expect(await answers(engine.endpoint)).toBe(true);
    await engine.stop();
    expect(await answers(engine.endpoint)).toBe(false);
  });

  test('that cannot be started is an error with what it said', async () => {
    const fakeDocker = await writeProgram('broken-docker', 'echo "no space left on device" >&2; exit 125');
    await expect(startContainerEngine(fakeDocker)).rejects.toThrow(/did not start: no space left on device/);
  });
});

describe('another engine on the port', () => {
  test('is an error where the port was asked for', async () => {
    const port = Number(new URL(testEndpoint()).port);
    await expect(startEmbeddedEngine(embeddedProgram(), { port })).rejects.toThrow(`port ${port} is taken`);
  });

  test('is not taken for ours, if it answers before ours has given up', async () => {
    // A stranger that answers on the port, while our own engine takes its time to find the port taken.
    const script = '"$0" --port "$1" >/dev/null 2>&1 & sleep 0.5; kill $!; echo "port taken" >&2; exit 1';
    const starting = spawnEngine({
      name: 'late',
      commandFor: (port) => ({ command: '/bin/sh', args: ['-c', script, embeddedProgram(), String(port)] }),
      readyWithinMs: 10_000,
      announcement: 'listening on',
    });
    await expect(starting).rejects.toThrow('The engine late did not start: port taken');
  });
});

test('tables can be made by several processes at once, and again later', async () => {
  const client = createEngineClient(testEndpoint());
  const name = `tables-${process.pid}-${Date.now()}`;
  await Promise.all(Array.from({ length: 5 }, () => ensureIdempotencyTable(client, name)));
  await ensureIdempotencyTable(client, name);
  await Promise.all(Array.from({ length: 5 }, () => ensureCartTable(client, `${name}-cart`)));
  client.destroy();
});

function embeddedProgram(): string {
  const program = findEmbeddedEngine();
  if (program === undefined) throw new Error('This test stands on the embedded engine.');
  return program;
}

async function writeProgram(name: string, script: string): Promise<string> {
  const path = join(directory, 'bin', name);
  await mkdir(join(directory, 'bin'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}
