/**
 * DynamoDB as far as the store asks for it: each request is one step, conditions and all. The contract suite holds the store
 * on top of it to what the store on a real engine does (test/contract/simulated-dynamodb.test.ts).
 */
import {
  ConditionalCheckFailedException,
  type DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ITEM_MAX_BYTES, leastItemBytes } from '../../../lib/stores/item-size.ts';
import { fulfils, type Item, updated } from './expressions.ts';

/** All requests that there are here. */
export type Request =
  | PutItemCommand
  | UpdateItemCommand
  | DeleteItemCommand
  | GetItemCommand
  | TransactWriteItemsCommand;

/** For so long DynamoDB knows a `ClientRequestToken` again ("TransactWriteItems", API Reference). */
const TOKEN_MS = 10 * 60 * 1000;

const REFUSED = { $metadata: { httpStatusCode: 400 }, message: 'refused' };

/** A write and what its condition asks; each is to one item, whose partition key is `id`. */
interface Write {
  readonly tableName: string | undefined;
  readonly isPut: boolean;
  readonly place: string;
  readonly holds: (item: Item | undefined) => boolean;
  readonly apply: (item: Item | undefined) => Item | undefined;
  readonly bringsBack: boolean;
}

type RequestInput = Omit<NonNullable<TransactWriteItem['Update']>, 'Key' | 'UpdateExpression'>;

export class SimulatedDynamoDb {
  readonly #items = new Map<string, Item>();
  readonly #tokens = new Map<string, number>();
  readonly #now: () => number;
  /** Told of each item that is put, where it is known to be applied. */
  onPut: (tableName: string | undefined, item: Item) => void = () => {};

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Applies `request`, or throws as the client does; all of it happens before this returns. */
  execute(request: Request): unknown {
    if (request instanceof GetItemCommand) {
      const { TableName, Key } = request.input;
      return withItem('Item', this.item(TableName, Key?.['id']?.S));
    }
    if (request instanceof TransactWriteItemsCommand) return this.#transact(request.input);
    return this.#write(writeOf(request));
  }

  item(tableName: string | undefined, id: string | undefined): Item | undefined {
    return this.#items.get(place(tableName, id));
  }

  put(tableName: string, item: Item): void {
    this.#items.set(place(tableName, item['id']?.S), item);
  }

  /** As TTL does; or as an operator might, by hand. */
  delete(tableName: string, id: string): void {
    this.#items.delete(place(tableName, id));
  }

  itemsOf(tableName: string): readonly Item[] {
    const start = place(tableName, '');
    return [...this.#items].flatMap(([at, item]) => (at.startsWith(start) ? [item] : []));
  }

  #write(write: Write): unknown {
    const before = this.#items.get(write.place);
    if (!write.holds(before)) {
      throw new ConditionalCheckFailedException({ ...REFUSED, ...withItem('Item', before) });
    }
    return withItem('Attributes', this.#apply(write));
  }

  #apply({ place: at, apply, isPut, tableName }: Write): Item | undefined {
    const after = checkedSize(apply(this.#items.get(at)));
    if (after === undefined) this.#items.delete(at);
    else this.#items.set(at, after);
    if (isPut && after !== undefined) this.onPut(tableName, after);
    return after;
  }

  #transact({ TransactItems: items = [], ClientRequestToken: token }: TransactWriteItemsCommand['input']) {
    const nowMs = this.#now();
    if (token !== undefined && nowMs < (this.#tokens.get(token) ?? Number.NEGATIVE_INFINITY) + TOKEN_MS) {
      return {};
    }
    const writes = items.map(transactedWrite);
    const reasons = writes.map(({ place: at, holds, bringsBack }) => {
      const item = this.#items.get(at);
      if (holds(item)) return { Code: 'None' };
      return { Code: 'ConditionalCheckFailed', ...(bringsBack ? withItem('Item', item) : {}) };
    });
    if (reasons.some(({ Code: code }) => code !== 'None')) {
      throw new TransactionCanceledException({ ...REFUSED, CancellationReasons: reasons });
    }
    // All sizes are looked at before anything is changed.
    for (const { place: at, apply } of writes) checkedSize(apply(this.#items.get(at)));
    for (const write of writes) this.#apply(write);
    if (token !== undefined) this.#tokens.set(token, nowMs);
    return {};
  }
}

/** As DynamoDB answers a transaction while another one is at one of its items. */
export function transactionConflict(): Error {
  return new TransactionCanceledException({
    ...REFUSED,
    CancellationReasons: [{ Code: 'TransactionConflict' }],
  });
}

function writeOf(request: PutItemCommand | UpdateItemCommand | DeleteItemCommand): Write {
  if (request instanceof PutItemCommand) return putOf(request.input);
  if (request instanceof UpdateItemCommand) return updateOf(request.input);
  return deleteOf(request.input);
}

function transactedWrite({ Put: put, Update: update, Delete: deletion }: TransactWriteItem): Write {
  if (put !== undefined) return putOf(put);
  if (update !== undefined) return updateOf(update);
  if (deletion !== undefined) return deleteOf(deletion);
  throw new Error('The simulated DynamoDB knows Put, Update and Delete in transactions.');
}

function putOf(input: RequestInput & { readonly Item?: Item | undefined }): Write {
  return { ...conditionOf(input, input.Item), isPut: true, apply: () => input.Item };
}

function updateOf(
  input: RequestInput & { readonly Key?: Item | undefined; readonly UpdateExpression?: string | undefined },
): Write {
  const context = contextOf(input);
  return {
    ...conditionOf(input, input.Key),
    apply: (item) => updated(item ?? input.Key ?? {}, input.UpdateExpression ?? '', context),
  };
}

function deleteOf(input: RequestInput & { readonly Key?: Item | undefined }): Write {
  return { ...conditionOf(input, input.Key), apply: () => undefined };
}

function conditionOf(input: RequestInput, key: Item | undefined): Omit<Write, 'apply'> {
  const context = contextOf(input);
  return {
    tableName: input.TableName,
    isPut: false,
    place: place(input.TableName, key?.['id']?.S),
    holds: (item) => fulfils(item, input.ConditionExpression, context),
    bringsBack: input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD',
  };
}

function contextOf({ ExpressionAttributeNames, ExpressionAttributeValues }: RequestInput) {
  return { names: ExpressionAttributeNames, values: ExpressionAttributeValues };
}

/** No name of a table here has a space. */
function place(tableName: string | undefined, id: string | undefined): string {
  return `${tableName} ${id}`;
}

function withItem(name: 'Item' | 'Attributes', item: Item | undefined): Record<string, Item> {
  return item === undefined ? {} : { [name]: item };
}

function checkedSize(item: Item | undefined): Item | undefined {
  if (item === undefined || leastItemBytes(item) <= ITEM_MAX_BYTES) return item;
  const { $metadata } = REFUSED;
  throw Object.assign(new Error('Item size has exceeded the maximum allowed size'), {
    $metadata,
    name: 'ValidationException',
  });
}
