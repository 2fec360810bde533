/**
 * From the document client's form to DynamoDB's, with every limit checked that can be checked without asking DynamoDB:
 * a handler learns of it at the line that calls `commit`, and not when its work is done.
 */
import { randomUUID } from 'node:crypto';
import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type marshallOptions as MarshallOptions, marshall } from '@aws-sdk/util-dynamodb';
import { CommitInvalidError } from '../idempotency/errors.ts';
import { ITEM_MAX_BYTES, leastItemBytes } from './item-size.ts';

type Attributes = Record<string, AttributeValue>;

/** A write as it goes out, and what has to be known of it to compare it with others. */
export interface PreparedWrite {
  readonly request: TransactWriteItem;
  readonly kind: WriteKind;
  readonly tableName: string;
  /** The whole item of a Put, the key of all others. */
  readonly item: Attributes;
  readonly leastBytes: number;
}

const KINDS = ['Put', 'Update', 'Delete', 'ConditionCheck'] as const;
type WriteKind = (typeof KINDS)[number];

/** "Amazon DynamoDB Transactions" (Developer Guide): 100 actions, of which the idempotency record is one. */
const WRITES_MAX = 99;
/** Same page: the items of a transaction together. */
const TRANSACTION_MAX_BYTES = 4 * 1024 * 1024;

/** @throws CommitInvalidError that says what is wrong and what would be right; the index counts `earlier` too */
export function prepareDocumentWrites(
  writes: readonly unknown[],
  earlier: readonly PreparedWrite[],
  options: MarshallOptions = {},
): readonly PreparedWrite[] {
  const count = earlier.length + writes.length;
  if (count > WRITES_MAX) {
    throw new CommitInvalidError(
      `A transaction takes ${WRITES_MAX} writes beside the idempotency record, and this would make ${count}. Write less in one operation, or store several rows as one item.`,
    );
  }
  const prepared = writes.map((write, index) => prepareWrite(write, earlier.length + index, options));
  const all = [...earlier, ...prepared];
  rejectTwoWritesToOneItem(all);
  const leastBytes = all.reduce((sum, write) => sum + write.leastBytes, 0);
  if (leastBytes > TRANSACTION_MAX_BYTES) {
    throw new CommitInvalidError(
      `A transaction takes ${TRANSACTION_MAX_BYTES} bytes in all, and these writes make at least ${leastBytes}. Write less in one operation, or put large values into S3 and their names into the table.`,
    );
  }
  return prepared;
}

function prepareWrite(write: unknown, index: number, options: MarshallOptions): PreparedWrite {
  const kinds = KINDS.filter((kind) => (write as Record<string, unknown> | null | undefined)?.[kind]);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    throw new CommitInvalidError(
      `Write ${index} must have exactly one of the members ${KINDS.join(', ')}, and has ${kinds.length}.`,
    );
  }
  // Checked member by member below; callers are not all compiled.
  const given = (write as Record<WriteKind, Record<string, unknown>>)[kind];
  const named = `Write ${index} (${kind})`;
  const { TableName: tableName, ExpressionAttributeValues: values } = given;
  if (typeof tableName !== 'string' || tableName === '') {
    throw new CommitInvalidError(`${named} must have a TableName.`);
  }
  const member = kind === 'Put' ? 'Item' : 'Key';
  const item = marshalled(given[member], `${named}, ${member}`, options);
  const marshalledValues =
    values === undefined ? undefined : marshalled(values, `${named}, ExpressionAttributeValues`, options);
  const itemBytes = leastItemBytes(item);
  if (itemBytes > ITEM_MAX_BYTES) {
    throw new CommitInvalidError(
      `${named} has an item of at least ${itemBytes} bytes, and DynamoDB takes ${ITEM_MAX_BYTES}. Put large values into S3 and their names into the table.`,
    );
  }
  const request = {
    ...given,
    [member]: item,
    ...(marshalledValues === undefined ? {} : { ExpressionAttributeValues: marshalledValues }),
  };
  // Apart from what is marshalled above, the document form and DynamoDB's have the same members. Marshalling copies
  // all but names and bytes.
  const asSent = structuredClone({ [kind]: request }) as TransactWriteItem;
  // What an update makes of its item is known to DynamoDB only; that it stores its values is likely, but not certain.
  return { request: asSent, kind, tableName, item, leastBytes: itemBytes };
}

/** Attribute by attribute, so that the error names the one at fault and shows nothing of its value. */
function marshalled(document: unknown, named: string, options: MarshallOptions): Attributes {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new CommitInvalidError(`${named} must be an object with attributes.`);
  }
  const attributes: [string, AttributeValue][] = [];
  for (const [name, value] of Object.entries(document)) {
    try {
      // Never `attributes[name]`: a document of foreign making may have a member called __proto__.
      for (const attribute of Object.values(marshall({ value }, options))) attributes.push([name, attribute]);
    } catch {
      throw new CommitInvalidError(
        `${named}: attribute "${name}" holds a value that has no form in DynamoDB (undefined, a class instance such as a Date, a function, NaN, or an integer beyond 2^53). Convert it, or see marshallOptions of DynamoDbStore.`,
      );
    }
  }
  return Object.fromEntries(attributes);
}

/**
 * The key of a Put is not marked as such. It is taken to be the attributes that the Key of another write to that table
 * names. Where there is none, Puts are known to be to one item if they agree in every attribute that could belong to a
 * key. DynamoDB finds the rest.
 */
function rejectTwoWritesToOneItem(writes: readonly PreparedWrite[]): void {
  const keyNames = new Map<string, string[]>();
  for (const { kind, tableName, item } of writes) {
    if (kind !== 'Put') keyNames.set(tableName, Object.keys(item));
  }
  const places = new Map<string, number>();
  for (const [index, { tableName, item }] of writes.entries()) {
    const names =
      keyNames.get(tableName) ??
      Object.entries(item)
        .filter(([, value]) => canBeKey(value))
        .map(([name]) => name)
        .sort();
    const place = JSON.stringify([tableName, names.map((name) => [name, comparable(item[name])])]);
    const other = places.get(place);
    if (other !== undefined) {
      throw new CommitInvalidError(
        `Writes ${other} and ${index} are to one item of table "${tableName}", and a transaction takes one write to each item. Merge the two; a condition can stand on the write itself instead of in a ConditionCheck.`,
      );
    }
    places.set(place, index);
  }
}

/** Key attributes are strings, numbers or bytes. */
function canBeKey({ S: text, N: number, B: bytes }: AttributeValue): boolean {
  return text !== undefined || number !== undefined || bytes !== undefined;
}

/** Bytes as text: JSON would spell an array out, and says nothing at all of an ArrayBuffer or a Blob. */
function comparable(value: AttributeValue | undefined): unknown {
  if (value?.B === undefined) return value;
  return value.B instanceof Uint8Array ? { B: Buffer.from(value.B).toString('base64') } : randomUUID();
}
