/**
 * The packed tarball, installed into an empty folder with the client alone, as a user without Middy and without CDK
 * has it: it must load, guard a function, and not reach for what is not there.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = new URL('../../', import.meta.url).pathname;
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'lambda-idempotency-consumer-'));
const npm = (...args: string[]) =>
  execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const PROGRAM = `
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { idempotency, idempotent, isIdempotencyError, MemoryStore } from 'lambda-idempotency';
import { createIdempotencyClient, deliveryOf } from 'lambda-idempotency/client';
import { fileStorage } from 'lambda-idempotency/client/node';
import { deliveryKey } from 'lambda-idempotency/event-sources';
import { ValkeyStore } from 'lambda-idempotency/valkey';
import { createLocks, MemoryLockStore } from 'lambda-idempotency/locks';
import { metricsListener } from 'lambda-idempotency/observability';

for (const absent of ['@middy/core', '@aws-lambda-powertools/jmespath', '@aws-lambda-powertools/idempotency', 'aws-cdk-lib', 'constructs', 'ioredis', 'iovalkey', '@redis/client', '@dynoxide/linux-x64']) {
  assert.ok(!existsSync('node_modules/' + absent), absent + ' was installed although nobody asked for it');
}
let runs = 0;
const store = new MemoryStore();
const charge = idempotent(async (order) => ({ charged: order.id, run: ++runs }), { store, key: (order) => order.id });
assert.deepEqual(await charge({ id: 'o1' }), { charged: 'o1', run: 1 });
assert.deepEqual(await charge({ id: 'o1' }), { charged: 'o1', run: 1 });
const placed = { id: 'e1', 'detail-type': 'OrderPlaced' };
assert.equal(deliveryKey(placed), deliveryKey({ ...placed, time: 'later' }));
const warm = idempotent(async (order) => ({ run: ++runs }), { store, key: (order) => order.id, namespace: 'warm', cache: true });
assert.deepEqual(await warm({ id: 'o1' }), { run: 2 });
assert.deepEqual(await warm({ id: 'o1' }), { run: 2 });
const locks = createLocks({ store: new MemoryLockStore() });
assert.equal(await locks.withLock('seat', async () => (await locks.mutex('seat').tryAcquire()) ?? 'taken'), 'taken');
assert.throws(() => idempotency({ store, retention: 1 }), isIdempotencyError);
const counted = [];
const onEvent = metricsListener({ addMetric: (name) => counted.push(name) });
await idempotent(async (order) => order.id, { store, key: (order) => order.id, namespace: 'counted', onEvent })({ id: 'o1' });
assert.deepEqual(counted, ['IdempotencyAcquired', 'IdempotencyCompleted']);
assert.throws(() => new ValkeyStore({ client: {} }), isIdempotencyError);
const server = (await import('node:http')).createServer((request, response) => response.end(request.headers['idempotency-key']));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const client = createIdempotencyClient({ outbox: { storage: fileStorage('outbox') } });
const answer = await client.operation('pay', 'http://127.0.0.1:' + server.address().port, { method: 'POST' }).send();
assert.equal(await answer.text(), deliveryOf(answer).key);
assert.deepEqual(await client.pending(), []);
server.close();
server.closeAllConnections();
await assert.rejects(import('lambda-idempotency/lib/idempotency/protocol.js'), /ERR_PACKAGE_PATH_NOT_EXPORTED|not defined by "exports"/);
console.log('the packed tarball works in an empty folder');
`;

/** Run where the package of the cache has been taken away: nobody may miss it who does not use it. */
const PROGRAM_WITHOUT_CACHE = `
import assert from 'node:assert/strict';
import { idempotent, MemoryStore } from 'lambda-idempotency';
const charge = idempotent(async (order) => order.id, { store: new MemoryStore(), key: (order) => order.id });
assert.equal(await charge({ id: 'o1' }), 'o1');
assert.equal(await charge({ id: 'o1' }), 'o1');
await assert.rejects(import('lru-cache'), /ERR_MODULE_NOT_FOUND|Cannot find package/);
console.log('and loads the cache only where it is used');
`;

function run(program: string): void {
  writeFileSync(join(folder, 'program.js'), program);
  process.stdout.write(
    execFileSync(process.execPath, ['program.js'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    }),
  );
}

try {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const shipped: string[] = packed.files.map(({ path }: { path: string }) => path);
  const unwanted = shipped.filter(
    (path) => !/^(dist\/|README\.md$|LICENSE$|CHANGELOG\.md$|package\.json$)/.test(path),
  );
  if (unwanted.length > 0)
    throw new Error(`The tarball ships files that it should not: ${unwanted.join(', ')}`);

  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const client = `@aws-sdk/client-dynamodb@${devDependencies['@aws-sdk/client-dynamodb']}`;
  npm('install', '--no-audit', '--no-fund', '--no-package-lock', join(folder, packed.filename), client);
  run(PROGRAM);
  rmSync(join(folder, 'node_modules/lru-cache'), { recursive: true });
  run(PROGRAM_WITHOUT_CACHE);
  console.log(
    `${packed.entryCount} files, ${(packed.size / 1024).toFixed(0)} KB packed, ${(packed.unpackedSize / 1024).toFixed(0)} KB unpacked`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
