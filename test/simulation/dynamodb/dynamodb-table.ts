/** The library's own `DynamoDbStore`, each of its requests one step. */
import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, type IdempotencyRecord, type TransactionalStore } from '../../../lib/index.ts';
import { ATTRIBUTES, headOf, isChunk } from '../../../lib/stores/dynamodb-record.ts';
import { chunkId } from '../../../lib/stores/result-chunks.ts';
import type { Sender } from '../invocation.ts';
import { exchange } from '../network.ts';
import { notedStore } from '../noted-store.ts';
import {
  type Expirable,
  ROWS_TABLE,
  type SimulatedTable,
  STOCK_ID,
  STOCK_TABLE,
} from '../simulated-table.ts';
import { byCallersClocks, type TableClocks } from '../table-clocks.ts';
import type { StoreOperation, World } from '../world.ts';
import type { Item } from './expressions.ts';
import { type Request, SimulatedDynamoDb, transactionConflict } from './simulated-dynamodb.ts';

export const RECORDS_TABLE = 'records';

export class DynamoDbTable implements SimulatedTable {
  readonly #engine: SimulatedDynamoDb;
  readonly #recordOf = new WeakMap<Item, IdempotencyRecord>();
  readonly clocks: TableClocks;
  onRow: (key: string) => void = () => {};

  constructor(left: number, now: () => number, clockSkewMs: number) {
    this.clocks = byCallersClocks(clockSkewMs);
    this.#engine = new SimulatedDynamoDb(now);
    this.#engine.onPut = (tableName, item) => {
      if (tableName === ROWS_TABLE) this.onRow(item['id']?.S ?? '');
    };
    this.left = left;
  }

  connect(world: World, sender: Sender): TransactionalStore {
    return notedStore(this.#store(world, sender), world, sender);
  }

  get left(): number {
    return Number(this.#engine.item(STOCK_TABLE, STOCK_ID)?.['left']?.N);
  }

  set left(units: number) {
    this.#engine.put(STOCK_TABLE, { id: { S: STOCK_ID }, left: { N: String(units) } });
  }

  get records(): readonly IdempotencyRecord[] {
    return this.#items.flatMap((item) => (isChunk(item) ? [] : [this.#read(item)]));
  }

  get expirables(): readonly Expirable[] {
    return this.#items.map((item) => ({
      id: item[ATTRIBUTES.id]?.S ?? '',
      expiresAtSeconds: Number(item[ATTRIBUTES.expiration]?.N),
    }));
  }

  record(id: string): IdempotencyRecord | undefined {
    const item = this.#engine.item(RECORDS_TABLE, id);
    return item === undefined || isChunk(item) ? undefined : this.#read(item);
  }

  isBroken(id: string): boolean {
    const item = this.#engine.item(RECORDS_TABLE, id);
    const owner = item?.[ATTRIBUTES.owner]?.S ?? '';
    const count = Number(item?.[ATTRIBUTES.dataChunks]?.N ?? 0);
    return Array.from({ length: count }, (_, index) => chunkId({ id, owner }, index)).some(
      (chunk) => this.#engine.item(RECORDS_TABLE, chunk) === undefined,
    );
  }

  isTombstone(id: string): boolean {
    return this.#engine.item(RECORDS_TABLE, id)?.[ATTRIBUTES.dataOmitted] !== undefined;
  }

  delete(id: string): void {
    this.#engine.delete(RECORDS_TABLE, id);
  }

  get #items(): readonly Item[] {
    return this.#engine.itemsOf(RECORDS_TABLE);
  }

  /** Without its result. Another object for another item, and for this one always the same. */
  #read(item: Item): IdempotencyRecord {
    const known = this.#recordOf.get(item) ?? headOf(item);
    this.#recordOf.set(item, known);
    return known;
  }

  #store(world: World, sender: Sender): TransactionalStore {
    const on = (operation: StoreOperation) =>
      new DynamoDbStore({ tableName: RECORDS_TABLE, client: this.client(world, sender, () => operation) });
    const { maxResultBytes } = on('read');
    return {
      maxResultBytes,
      acquire: (record, nowSeconds) => on('acquire').acquire(record, nowSeconds),
      takeOver: (record, lapsed) => on('takeOver').takeOver(record, lapsed),
      renew: (lease, nextLeaseEndsAtMs) => on('renew').renew(lease, nextLeaseEndsAtMs),
      recordStep: (ownership, name, json) => on('recordStep').recordStep(ownership, name, json),
      complete: (ownership, completion) => on('complete').complete(ownership, completion),
      release: (ownership) => on('release').release(ownership),
      read: (id) => on('read').read(id),
      prepareWrites: (writes, earlier) => on('write').prepareWrites(writes, earlier as never),
      completeWith: (ownership, completion, writes) =>
        on('completeWith').completeWith(ownership, completion, writes as never),
      putCompleted: (record, nowSeconds, writes) =>
        on('putCompleted').putCompleted(record, nowSeconds, writes as never),
      write: (writes, token) => on('write').write(writes as never, token),
    };
  }

  /** @param operationOf - on behalf of which operation of the port a request is sent */
  client(
    world: World,
    sender: Sender,
    operationOf: (request: Request) => StoreOperation = operationOfRecord,
  ): DynamoDBClient {
    const send = async (request: Request) => {
      const operation = operationOf(request);
      const isAboutChunk = isForChunk(request);
      const reply = await exchange(world, sender, {
        operation,
        label: isAboutChunk ? `${operation}, chunk` : operation,
        isTransaction: request instanceof TransactWriteItemsCommand,
        isAboutRecord: !isAboutChunk,
        proceed: async () => this.#engine.execute(request),
        conflict: () => {
          throw transactionConflict();
        },
      });
      sender.learn(reply);
      return reply;
    };
    return { send: world.mutant?.send?.(send, sender, world) ?? send } as unknown as DynamoDBClient;
  }
}

/** By what it does to a record, where nobody says it. */
function operationOfRecord(request: Request): StoreOperation {
  if (request instanceof GetItemCommand) return 'read';
  if (request instanceof DeleteItemCommand) return 'release';
  if (request instanceof TransactWriteItemsCommand) return 'putCompleted';
  if (request instanceof PutItemCommand) {
    return request.input.Item?.[ATTRIBUTES.status]?.S === 'COMPLETED' ? 'putCompleted' : 'acquire';
  }
  const { UpdateExpression: expression = '' } = request.input;
  const found = UPDATES.find(([placeholder]) => expression.includes(placeholder));
  if (found === undefined) throw new Error(`No operation of the port sends "${expression}".`);
  return found[1];
}

/** The value that only this operation writes. */
const UPDATES = [
  [':nextOwner', 'takeOver'],
  [':completed', 'complete'],
  [':nextLeaseEnd', 'renew'],
  [':step', 'recordStep'],
] as const;

function isForChunk(request: Request): boolean {
  if (request instanceof TransactWriteItemsCommand) return false;
  const id = request instanceof PutItemCommand ? request.input.Item?.['id'] : request.input.Key?.['id'];
  return id?.S?.includes('#chunk#') === true;
}
