/** The faults are what their names say, seen from a bare socket: a suite of faults that are none proves nothing. */
import { connect } from 'node:net';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LOCAL_CREDENTIALS, LOCAL_REGION, LOCAL_SETTINGS } from '../../lib/local/engine-client.ts';
import { createIdempotencyTable, testEndpoint } from '../support/dynamodb.ts';
import { always, type Fault, once } from './fault.ts';
import { FaultProxy } from './fault-proxy.ts';
import { refuseConnections } from './refused-connection.ts';

/** For a reply that must not come: if it did, an engine on the same machine would have sent it by then. */
const SILENCE_MS = 300;
/** For one that must. */
const PATIENCE_MS = 10_000;

let tableName: string;
let proxy: FaultProxy;

beforeAll(async () => {
  tableName = await createIdempotencyTable();
});
beforeEach(async () => {
  proxy = await FaultProxy.start(testEndpoint());
});
afterEach(() => proxy.close());

interface Seen {
  /** Everything that arrived. */
  readonly text: string;
  readonly end: 'FIN' | 'RST' | 'open';
}

/** Sends one GetItem on a connection of its own and watches it until it ends, is silent, or `wanted` has arrived. */
function watchRead(wanted: RegExp | undefined): Promise<Seen> {
  const body = JSON.stringify({ TableName: tableName, Key: { id: { S: 'none' } } });
  const head = [
    'POST / HTTP/1.1',
    'Host: 127.0.0.1',
    'X-Amz-Target: DynamoDB_20120810.GetItem',
    'X-Amz-Date: 20270101T000000Z',
    'Content-Type: application/x-amz-json-1.0',
    `Authorization: AWS4-HMAC-SHA256 Credential=${LOCAL_CREDENTIALS.accessKeyId}/20270101/${LOCAL_REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
    `Content-Length: ${body.length}`,
  ].join('\r\n');
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(proxy.endpoint).port), '127.0.0.1');
    let text = '';
    const see = (end: Seen['end']) => {
      socket.destroy();
      resolve({ text, end });
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      if (wanted?.test(text)) see('open');
    });
    socket.once('end', () => see('FIN'));
    // A bare socket errs with this code on a reset alone; an HTTP client calls the end of a connection so, too.
    socket.once('error', (error: NodeJS.ErrnoException) => see(error.code === 'ECONNRESET' ? 'RST' : 'open'));
    socket.setTimeout(wanted === undefined ? SILENCE_MS : PATIENCE_MS, () => see('open'));
    socket.write(`${head}\r\n\r\n${body}`);
  });
}

const COMPLETE = /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n\{\}$/;

test('without a fault, the reply of the engine arrives whole', async () => {
  expect((await watchRead(COMPLETE)).text).toMatch(COMPLETE);
});

test.each<readonly [Fault, Seen['end']]>([
  ['reply lost', 'RST'],
  ['request lost', 'RST'],
  ['no reply, until the client gives up', 'open'],
  ['request stuck, until the client gives up', 'open'],
  ['request stuck, and delivered late', 'open'],
])('%s: nothing arrives, and the connection ends by %s', async (fault, end) => {
  proxy.plan(once(fault, 'read'));
  expect(await watchRead(undefined)).toEqual({ text: '', end });
  expect(proxy.strikes).toEqual(['read']);
});

test('reply cut off in the middle: half of it arrives, and the connection ends by FIN', async () => {
  proxy.plan(once('reply cut off in the middle', 'read'));
  const { text, end } = await watchRead(/never/);
  expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*content-length: 2\r\n[\s\S]*\r\n\r\n\{$/);
  expect(end).toBe('FIN');
});

test.each<readonly [Fault, RegExp]>([
  ['reply delayed', COMPLETE],
  ['status 500', /^HTTP\/1\.1 500 [\s\S]*InternalServerError/],
  ['status 503', /^HTTP\/1\.1 503 [\s\S]*<h1>/],
  ['ThrottlingException', /^HTTP\/1\.1 400 [\s\S]*ThrottlingException/],
  ['ProvisionedThroughputExceededException', /^HTTP\/1\.1 400 [\s\S]*ProvisionedThroughputExceededException/],
  ['conflict with a transaction', /^HTTP\/1\.1 400 [\s\S]*TransactionConflictException/],
])('%s: arrives as a reply', async (fault, reply) => {
  proxy.plan(once(fault, 'read'));
  expect((await watchRead(reply)).text).toMatch(reply);
  expect(proxy.strikes).toEqual(['read']);
});

describe('a refused connection', () => {
  test('is refused by the kernel, at every try that the plan names and at no other', async () => {
    const client = new DynamoDBClient({
      endpoint: proxy.endpoint,
      ...LOCAL_SETTINGS,
      maxAttempts: 2,
    });
    refuseConnections(client, (operation) => proxy.refusesConnection(operation));
    const read = () => client.send(new GetItemCommand({ TableName: tableName, Key: { id: { S: 'none' } } }));

    proxy.plan(always('connection refused', 'read'));
    await expect(read()).rejects.toThrow('ECONNREFUSED');
    expect(proxy.strikes).toEqual(['read', 'read']);
    proxy.plan(once('connection refused', 'read'));
    expect(await read()).toMatchObject({ $metadata: { attempts: 2 } });
    client.destroy();
  });
});
