/**
 * One sandbox: serves HTTP on the loopback interface and runs the guarded handler on a real engine. Nothing in it ends
 * an invocation at its deadline: what was frozen and goes on after its lease is the zombie.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LOCAL_SETTINGS } from '../../lib/local/engine-client.ts';
import { createDefaultClient, createOwnClient } from '../../lib/stores/dynamodb-store.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import { createAddLine } from './add-line.ts';
import { readAnswer } from './answer.ts';
import { type Contender, type FrontDoor, guard, type Invoke } from './contenders.ts';
import { type CurrentRequest, ORDERS_HEADER, type Orders, serve } from './current-request.ts';
import { EffectsLog } from './effects-log.ts';
import type { WorkerMessage } from './journal.ts';
import { derivedLineId, MUTANTS } from './mutants.ts';
import { type PlacementName, placementOf } from './placements.ts';
import { TIMEOUT_MS } from './plan.ts';
import { openValkey, type RecordsAt } from './record-stores.ts';
import type { Tables } from './tables.ts';

export interface WorkerSettings {
  readonly name: string;
  readonly frontDoor: FrontDoor;
  readonly contender: Contender;
  readonly mutantName: string | undefined;
  readonly endpoint: string;
  readonly tables: Tables;
  /** From 0; a worker that is started in the place of a killed one has its number. */
  readonly slot: number;
  readonly placement: PlacementName;
  /** Engines with a cart table: one for all, or one for each worker. */
  readonly databases: readonly string[];
  /** Port of the Valkey server with the records; undefined where they lie in DynamoDB. */
  readonly valkeyPort: number | undefined;
  /** Whether the records are reached without the SDK, where they lie in DynamoDB. */
  readonly lean: boolean;
  readonly cache: boolean;
}

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings; // What worker-process.ts hands over.
const tell = (message: WorkerMessage) => process.send?.(message);
process.on('disconnect', () => process.exit());

const { tables, contender, frontDoor, valkeyPort, cache } = settings;
const client = clientOf(settings.endpoint);
const records = recordsAt();
const databases = settings.databases.map((endpoint) => ({
  client: clientOf(endpoint),
  tableName: tables.cart,
}));
const placement = placementOf(settings.placement, databases, settings.slot);
const mutant = MUTANTS.find(({ name }) => name === settings.mutantName);
const addLine = createAddLine({
  cartOf: placement.cartOf,
  effects: new EffectsLog(client, tables.effects),
  worker: settings.name,
  lineIdOf: mutant?.lineIdOf ?? derivedLineId,
});
const guarded = (onUncertain: 'retry' | 'block') =>
  guard(addLine, {
    contender,
    frontDoor,
    records,
    onUncertain: (onUncertain === 'retry' ? placement.onUncertain : undefined) ?? onUncertain,
    mutant,
    cache,
  });
const routes = new Map<string, Invoke>([
  ['/retry/items', await guarded('retry')],
  ['/block/items', await guarded('block')],
]);

const server = createServer((incoming, response) => void handle(incoming, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  tell({ kind: 'listening', port: address.port });
});

function recordsAt(): RecordsAt {
  if (valkeyPort !== undefined) {
    return { kind: 'valkey', client: openValkey(valkeyPort), keyPrefix: tables.idempotency };
  }
  const tableName = tables.idempotency;
  return settings.lean
    ? { kind: 'lean', endpoint: settings.endpoint, tableName }
    : {
        kind: 'dynamodb',
        client: createOwnClient({ endpoint: settings.endpoint, ...LOCAL_SETTINGS }),
        tableName,
      };
}

function clientOf(endpoint: string): DynamoDBClient {
  return createDefaultClient({ endpoint, ...LOCAL_SETTINGS });
}

async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const payload = await readBody(incoming);
  if (payload === undefined) return;
  const path = incoming.url ?? '';
  const headers = incoming.headers as Record<string, string>; // None of them is sent twice.
  const orders = JSON.parse(headers[ORDERS_HEADER] ?? '') as Orders; // What client.ts sends.
  const invoke = routes.get(path);
  if (invoke === undefined) throw new Error(`No route ${path}.`);

  const request = newRequest(orders);
  request.note('arrived');
  const event = httpApiEvent({ path, headers, body: payload });
  await serve(request, async () => {
    const { status, body } = await answer(invoke, event);
    request.note('answer made');
    await pause(orders.pausesMs.beforeAnswer);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    request.note('answered', { answer: readAnswer(status, body) });
  });
}

/** `undefined` where the client has gone before its request could be read: it has not arrived. */
async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer); // An HTTP request's chunks are bytes.
    return Buffer.concat(chunks).toString('utf8');
  } catch {
    return undefined;
  }
}

function newRequest(orders: Orders): CurrentRequest {
  const arrivedAtMs = Date.now();
  return {
    number: orders.request,
    arrivedAtMs,
    deadlineMs: arrivedAtMs + TIMEOUT_MS,
    orders,
    note: (what, details) =>
      tell({ kind: 'note', note: { atMs: Date.now(), request: orders.request, what, ...details } }),
  };
}

/** What the front door makes of the function's answer, or of its error. */
async function answer(
  invoke: Invoke,
  event: ReturnType<typeof httpApiEvent>,
): Promise<{ readonly status: number; readonly body: string }> {
  try {
    const { statusCode, body } = (await invoke(event, lambdaContext(TIMEOUT_MS))) as {
      readonly statusCode: number;
      readonly body: string;
    };
    return { status: statusCode, body };
  } catch {
    return { status: 500, body: '{"message":"Internal Server Error"}' };
  }
}
