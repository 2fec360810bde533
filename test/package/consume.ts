/**
 * The packed tarball, installed into an empty folder with the client alone, as a user without Middy and without CDK
 * has it: it must load, guard a function, and not reach for what is not there.
 */
import { execFileSync, spawnSync } from 'node:child_process';
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

for (const absent of ['@middy/core', '@aws-lambda-powertools/jmespath', '@aws-lambda-powertools/idempotency', 'aws-cdk-lib', 'constructs', 'ioredis', 'iovalkey', '@redis/client', '@aws-sdk/client-lambda', 'aws4', '@dynoxide/linux-x64']) {
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

/** Run where the optional peers have come along, for those who ask for them. */
const PROGRAM_BESIDE_POWERTOOLS = `
import assert from 'node:assert/strict';
import { IdempotencyConfig } from '@aws-lambda-powertools/idempotency';
import { BasePersistenceLayer } from '@aws-lambda-powertools/idempotency/persistence';
import { idempotent } from 'lambda-idempotency';
import { jmespath } from 'lambda-idempotency/jmespath';
import { OwnedPersistenceLayer, sharedWithPowertools } from 'lambda-idempotency/powertools';

assert.ok(new OwnedPersistenceLayer({ tableName: 'records' }) instanceof BasePersistenceLayer);
const config = new IdempotencyConfig({ eventKeyJmesPath: 'id' });
const shared = sharedWithPowertools({ tableName: 'records', config, keyPrefix: 'orders' });
assert.match((await shared.identity({ id: 'o1' })).id, /^orders#/);
assert.equal(typeof idempotent(async () => 1, shared), 'function');
assert.equal(typeof idempotent(async () => 1, { ...shared, identity: undefined, key: jmespath('id') }), 'function');
console.log('and beside Powertools');
`;

/** Run where the two packages have come along that the lean store needs. */
const PROGRAM_LEAN = `
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { idempotent, LeanDynamoDbStore } from 'lambda-idempotency/lean';

const asked = [];
const server = createServer((request, response) => {
  asked.push(request.headers['x-amz-target']);
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
Object.assign(process.env, { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's', IDEMPOTENCY_TABLE: 'records' });
process.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:' + server.address().port;
const charge = idempotent(async (order) => order.id, { key: (order) => order.id });
assert.equal(await charge({ id: 'o1' }), 'o1');
assert.deepEqual(asked, ['DynamoDB_20120810.PutItem', 'DynamoDB_20120810.UpdateItem']);
assert.throws(() => new LeanDynamoDbStore({ tableName: 'records', client: {} }), /Unknown option "client"/);
server.closeAllConnections();
server.close();
console.log('and without the SDK');
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

/** Each command loads its own part when it is asked for: one that calculates, one that asks a table, one that needs what is absent. */
function runBroughtProgram(): void {
  const program = join(folder, 'node_modules/.bin/lambda-idempotency');
  const table = ['--table', 't', '--endpoint', 'http://127.0.0.1:9'];
  const expected: [args: string[], exitCode: number, said: RegExp][] = [
    [['--version'], 0, /^\d+\.\d+\.\d+/],
    [['conform', '--list'], 0, /retry-same-result/],
    [['cost', '--rps', '1', '--json'], 0, /"writeUnits": 2/],
    [['list', ...table], 3, /ECONNREFUSED/],
    [['doctor', ...table, '--function', 'f'], 2, /npm install @aws-sdk\/client-lambda/],
  ];
  for (const [args, exitCode, said] of expected) {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
    if (status !== exitCode || !said.test(stdout + stderr)) {
      throw new Error(`lambda-idempotency ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
    }
  }
  console.log('and brings its program');
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
  runBroughtProgram();
  rmSync(join(folder, 'node_modules/lru-cache'), { recursive: true });
  run(PROGRAM_WITHOUT_CACHE);
  const peers = ['@aws-lambda-powertools/idempotency', '@aws-lambda-powertools/jmespath'];
  const wanted = peers.map((name) => `${name}@${devDependencies[name]}`);
  npm('install', '--no-audit', '--no-fund', '--no-package-lock', ...wanted);
  run(PROGRAM_BESIDE_POWERTOOLS);
  const leanPeers = ['aws4', '@smithy/core'].map((name) => `${name}@${devDependencies[name]}`);
  npm('install', '--no-audit', '--no-fund', '--no-package-lock', ...leanPeers);
  run(PROGRAM_LEAN);
  console.log(
    `${packed.entryCount} files, ${(packed.size / 1024).toFixed(0)} KB packed, ${(packed.unpackedSize / 1024).toFixed(0)} KB unpacked`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
