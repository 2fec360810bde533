/**
 * Whose certificate is not trusted gets no request, and nothing switches that off. Needs OpenSSL, to make a certificate that
 * nobody has signed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { LeanDynamoDbStore } from '../../../lib/lean/index.ts';
import { findProgram } from '../../support/find-program.ts';
import { leanStore } from '../../support/lean.ts';
import { type ScriptedServer, startScriptedServer, succeeding } from '../../support/scripted-server.ts';

let folder: string;
let server: ScriptedServer;
let store: LeanDynamoDbStore;

beforeAll(async () => {
  const openssl = findProgram(['openssl']);
  if (openssl === undefined)
    throw new Error('This suite makes a certificate with OpenSSL: install `openssl`.');
  folder = mkdtempSync(join(tmpdir(), 'lean-tls-'));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name)) as [string, string];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(openssl, ['req', '-x509', ...made, ...named, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  server = await startScriptedServer([succeeding], {
    key: readFileSync(key, 'utf8'),
    cert: readFileSync(cert, 'utf8'),
  });
});

afterAll(async () => {
  await server?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

beforeEach(() => {
  store = leanStore({ tableName: 'orders', endpoint: server.endpoint, maxAttempts: 3 });
});

afterEach(() => {
  store.destroy();
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
});

test('a certificate that nobody has signed is refused, once and for all', async () => {
  await expect(store.read('orders#1')).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  });
  expect(server.received).toEqual([]);
});

test('also where the environment says that none is to be verified', async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  await expect(store.read('orders#1')).rejects.toMatchObject({
    cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  });
  expect(server.received).toEqual([]);
});

test('one that is trusted is spoken to', async () => {
  // In a process of its own, for Node reads trusted certificates from files at its start.
  const script = `
    import { LeanDynamoDbStore } from './lib/lean/index.ts';
    const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
    const store = new LeanDynamoDbStore({ tableName: 't', region: 'eu-west-1', endpoint: '${server.endpoint}', credentials });
    console.log(String(await store.read('orders#1')));
    store.destroy();`;
  const { execFile } = await import('node:child_process');
  const output = await new Promise<string>((resolve, reject) => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const env = { ...process.env, NODE_OPTIONS: '', NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') };
    execFile(process.execPath, args, { env }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
  expect(output.trim()).toBe('undefined');
  expect(server.received).toHaveLength(1);
});
