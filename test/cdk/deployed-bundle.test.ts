import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createCartTable,
  createChargesTable,
  createIdempotencyTable,
  createSeatsTable,
  testClient,
  testEndpoint,
} from '../support/dynamodb.ts';
import { httpApiEvent } from '../support/events.ts';
import { sqsRecord } from '../support/source-records.ts';
import { featureFlags } from './feature-flags.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const outputDirectory = mkdtempSync(join(tmpdir(), 'lambda-idempotency-cdk-'));

/**
 * Runs bin/app.ts as the CDK command line does, so that the entry, its nag checks (which end it with an error) and
 * the local bundling are part of what is tested. Nothing in it may reach for a network or an account.
 */
beforeAll(async () => {
  await run(process.execPath, ['--import', 'tsx', 'bin/app.ts'], {
    cwd: root,
    env: { ...process.env, CDK_OUTDIR: outputDirectory, CDK_CONTEXT_JSON: JSON.stringify(featureFlags()) },
  });
  // 10 s of computing, and several times that on a machine where others compute, too.
}, 120_000);

afterAll(() => rmSync(outputDirectory, { recursive: true, force: true }));

/** The directory that becomes the function's zip file. */
function assetOf(functionName: string): string {
  const { Resources } = JSON.parse(readFileSync(join(outputDirectory, 'AddToCart.template.json'), 'utf8'));
  const id = Object.keys(Resources).find((candidate) =>
    new RegExp(`^${functionName}[0-9A-F]{8}$`).test(candidate),
  );
  const key: string = Resources[String(id)].Properties.Code.S3Key;
  const { files } = JSON.parse(readFileSync(join(outputDirectory, 'AddToCart.assets.json'), 'utf8'));
  return join(outputDirectory, files[key.replace(/\.zip$/, '')].source.path);
}

/** Measured 0.76, 0.63 and 0.76 MB. A bound, so that a dependency that slips in and doubles the cold start is noticed. */
const LARGEST_BUNDLE_BYTES = 1_000_000;

describe.each([
  'AddToCart',
  'ListCart',
  'ChargeOrders',
  'SeatSaleHoldSeat',
  'SeatSaleBookSeat',
  'SeatSaleListSeats',
])('the bundle of %s', (functionName) => {
  test('is one ES module and its source map', () => {
    expect(readdirSync(assetOf(functionName)).sort()).toEqual(['index.mjs', 'index.mjs.map']);
  });

  test('carries none of the controls of the local demo', () => {
    for (const file of readdirSync(assetOf(functionName))) {
      expect(readFileSync(join(assetOf(functionName), file), 'utf8')).not.toMatch(/x-demo-/i);
    }
  });

  test('stays small', () => {
    expect(statSync(join(assetOf(functionName), 'index.mjs')).size).toBeLessThan(LARGEST_BUNDLE_BYTES);
  });

  test('loads where there is nothing but Node.js, and exports the handler', async () => {
    const output = await runWithBundle(functionName, 'console.log(typeof handler);', {
      IDEMPOTENCY_TABLE: 'idempotency',
      CART_TABLE: 'cart',
      CHARGES_TABLE: 'charges',
      SEATS_TABLE: 'seats',
    });
    expect(output).toBe('function');
  });
});

test('the bundled add-to-cart takes effect once for a key, and list-cart shows it', async () => {
  const tables = { IDEMPOTENCY_TABLE: await createIdempotencyTable(), CART_TABLE: await createCartTable() };
  const cartId = randomUUID();
  const post = httpApiEvent({ key: randomUUID(), body: { cartId, sku: 'apple', quantity: 2 } });
  const get = { ...httpApiEvent({ method: 'GET', path: `/cart/${cartId}` }), pathParameters: { cartId } };

  const answers = await answersOf('AddToCart', [post, post], tables);
  expect(answers.map((answer) => answer.statusCode)).toEqual([201, 200]);
  expect(answers[1]?.body).toBe(answers[0]?.body);

  const [listed] = await answersOf('ListCart', [get], tables);
  expect(JSON.parse(String(listed?.body))).toEqual({ cartId, lines: [JSON.parse(String(answers[0]?.body))] });
});

test('the bundled add-to-cart writes what its guard did as metrics, also of a replay', async () => {
  const tables = { IDEMPOTENCY_TABLE: await createIdempotencyTable(), CART_TABLE: await createCartTable() };
  const post = httpApiEvent({ key: randomUUID(), body: { cartId: 'c1', sku: 'apple', quantity: 1 } });
  const script = `
    const context = { functionName: 'f', awsRequestId: 'test', getRemainingTimeInMillis: () => 10_000 };
    for (let sent = 0; sent < 2; sent += 1) await handler(${JSON.stringify(post)}, context);`;
  const output = await runWithBundle('AddToCart', script, tables);
  const lines = output.split('\n').filter((line) => line.includes('"CloudWatchMetrics"'));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      IdempotencyAcquired: 1,
      IdempotencyCompleted: 1,
      IdempotencyStoreLatency: [expect.any(Number), expect.any(Number)],
    },
    { IdempotencyReplayed: 1, IdempotencyStoreLatency: expect.any(Number) },
  ]);
});

test('the bundled hold-seat and book-seat sell a seat once, and list-seats shows it', async () => {
  const tables = { IDEMPOTENCY_TABLE: await createIdempotencyTable(), SEATS_TABLE: await createSeatsTable() };
  const showId = randomUUID();
  const pathParameters = { showId, seatId: 'A1' };
  const path = `/shows/${showId}/seats/A1`;
  const hold = (key: string) => ({ ...httpApiEvent({ key, path: `${path}/holds` }), pathParameters });
  const holds = await answersOf('SeatSaleHoldSeat', [hold('first-user'), hold('second-user')], tables);
  expect(holds.map(({ statusCode }) => statusCode)).toEqual([201, 409]);

  const { holdId } = JSON.parse(String(holds[0]?.body));
  const book = {
    ...httpApiEvent({ key: randomUUID(), path: `${path}/bookings`, body: { holdId } }),
    pathParameters,
  };
  const bookings = await answersOf('SeatSaleBookSeat', [book, book], tables);
  expect(bookings.map(({ statusCode }) => statusCode)).toEqual([201, 200]);
  const list = { ...httpApiEvent({ method: 'GET' }), pathParameters: { showId } };
  const [listed] = await answersOf('SeatSaleListSeats', [list], tables);
  expect(JSON.parse(String(listed?.body)).seats.A1).toEqual({ status: 'booked' });
});

test('the bundled charge-orders charges an order once, and tells which message of a batch is poison', async () => {
  const tables = {
    IDEMPOTENCY_TABLE: await createIdempotencyTable(),
    CHARGES_TABLE: await createChargesTable(),
  };
  const order = sqsRecord({ orderId: randomUUID(), amountCents: 1250, currency: 'EUR' });
  const poison = sqsRecord('not JSON');
  const batch = { Records: [order, poison] };

  const answers = await answersOf('ChargeOrders', [batch, batch], tables);
  const reported = { batchItemFailures: [{ itemIdentifier: poison.messageId }] };
  expect(answers).toEqual([reported, reported]);
  const client = testClient();
  const { Count } = await client.send(
    new ScanCommand({ TableName: tables.CHARGES_TABLE, ConsistentRead: true }),
  );
  client.destroy();
  expect(Count).toBe(1);
});

/** Lets the bundled handler answer the events one after another, in a process of its own. */
async function answersOf(
  functionName: string,
  events: readonly unknown[],
  tables: Record<string, string>,
): Promise<readonly { statusCode: number; body: string }[]> {
  const script = `
    const context = { functionName: '${functionName}', awsRequestId: 'test', getRemainingTimeInMillis: () => 10_000 };
    const answers = [];
    for (const event of ${JSON.stringify(events)}) answers.push(await handler(event, context));
    console.log(JSON.stringify(answers));`;
  const output = await runWithBundle(functionName, script, tables);
  // The lines before the last are the handler's log.
  return JSON.parse(String(output.split('\n').at(-1)));
}

/** Runs the script with the bundle's `handler` in scope and no package within reach; resolves to what it prints. */
async function runWithBundle(
  functionName: string,
  script: string,
  tables: Record<string, string>,
): Promise<string> {
  const module = pathToFileURL(join(assetOf(functionName), 'index.mjs')).href;
  const source = `const { handler } = await import(${JSON.stringify(module)});\n${script}`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: outputDirectory,
    env: {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: testEndpoint(),
      ...tables,
    },
  });
  return stdout.trim();
}
