/**
 * What `release` and `complete` have in common: a record is shown, somebody says yes, and it is written only if it is still the
 * record that was shown.
 */
import {
  ConditionalCheckFailedException,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Item } from '../../stores/dynamodb-record.ts';
import { keyOf } from '../../stores/dynamodb-requests.ts';
import { confirmed } from '../confirmation.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Terminal } from '../terminal.ts';
import type { Table } from './connection.ts';
import { type DescribedItem, type DescribedRecord, describeItem } from './described-item.ts';
import { itemText } from './item-text.ts';
import { readItem } from './items.ts';
import { tableError } from './table-error.ts';
import { unchangedSince } from './unchanged.ts';

export interface SettlementOptions {
  /** Of the record as the user has seen it; `none` where it has no owner. */
  readonly owner?: string;
  /** Also a live lease. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export interface Settlement {
  /** As in "Release the key?" and "Would release the key." */
  readonly verb: 'Release' | 'Complete';
  /** Done already, by whoever it was. */
  isDone(item: Item): boolean;
  /** The assignments of the update, without its condition. */
  write(item: Item): Promise<Assignments>;
}

export interface Assignments {
  readonly expression: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

/** What is printed of it: `done`, or why not. */
interface Outcome {
  readonly done: boolean;
  readonly reason: string;
  readonly exitCode: ExitCode;
  readonly item: DescribedItem | null;
}

export async function settle(
  id: string,
  table: Table,
  settlement: Settlement,
  options: SettlementOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const outcome = await settled(id, table, settlement, options, terminal);
  const { exitCode, ...printed } = outcome;
  if (options.json) terminal.out(`${JSON.stringify({ table: table.tableName, id, ...printed }, null, 2)}\n`);
  else (exitCode === EXIT.ok ? terminal.out : terminal.error)(`${printed.reason}\n`);
  return exitCode;
}

async function settled(
  id: string,
  table: Table,
  settlement: Settlement,
  options: SettlementOptions,
  terminal: Terminal,
): Promise<Outcome> {
  const item = await readItem(table, id);
  if (item === undefined) return no(`There is no record ${id}: a request with this key would run.`, null);
  const described = describeItem(item, Date.now());
  if (!options.json) terminal.error(`${itemText(described, Date.now())}\n`);
  if (settlement.isDone(item)) {
    return { done: false, reason: 'Nothing to do: it is so already.', exitCode: EXIT.ok, item: described };
  }
  const refusal = refusalOf(described, options);
  if (refusal !== undefined) return no(refusal, described);
  const assignments = await settlement.write(item);
  if (options.dryRun) {
    const reason = `Would ${settlement.verb.toLowerCase()} the key. Nothing was written.`;
    return { done: false, reason, exitCode: EXIT.ok, item: described };
  }
  if (!(await confirmed(`${settlement.verb} the key?`, options, terminal))) {
    return no('Nothing was written.', described);
  }
  return written(table, item, assignments, settlement);
}

/** Why the record may not be written, or `undefined`. */
function refusalOf(item: DescribedItem, options: SettlementOptions): string | undefined {
  if (item.kind !== 'record') return 'This is no record of a request, and is left alone.';
  switch (item.state) {
    case 'expired':
      return 'The record has expired and counts as absent: a request with this key would run. purge deletes it.';
    case 'completed':
      return 'The key is consumed, which is final: its operation took effect.';
    case 'in-progress':
    case 'uncertain':
    case 'suspended':
      return ownerMismatch(item, options) ?? liveLease(item, options);
  }
}

function ownerMismatch({ owner = 'none' }: DescribedRecord, options: SettlementOptions): string | undefined {
  if (options.owner === undefined || options.owner === owner) return undefined;
  return `The owner is ${owner} and not ${options.owner}: the record has changed hands.`;
}

function liveLease(
  { state, owner = 'none' }: DescribedRecord,
  options: SettlementOptions,
): string | undefined {
  if (state !== 'in-progress' || (options.force && options.owner !== undefined)) return undefined;
  return `An attempt holds the key, and may be running. Wait until its lease is over, or, if it is known to be dead, name its owner: --force --owner ${owner}`;
}

async function written(
  table: Table,
  item: Item,
  { expression, names, values }: Assignments,
  { verb, isDone }: Settlement,
): Promise<Outcome> {
  const id = item['id']?.S ?? '';
  const unchanged = unchangedSince(item);
  const request: UpdateItemCommandInput = {
    TableName: table.tableName,
    Key: keyOf(id),
    UpdateExpression: expression,
    ConditionExpression: unchanged.expression,
    ExpressionAttributeNames: { ...names, ...unchanged.names },
    ExpressionAttributeValues: { ...values, ...unchanged.values },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
  try {
    const { Attributes: now = item } = await table.client.send(new UpdateItemCommand(request));
    return done(verb, now);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw tableError(error, table);
    const current = error.Item ?? (await readItem(table, id));
    // The SDK sends again what got no reply: the write that stands in the way may be our own.
    if (current !== undefined && isDone(current)) return done(verb, current);
    const described = current === undefined ? null : describeItem(current, Date.now());
    const state = described?.kind === 'record' ? described.state : 'gone';
    return no(
      `The record has changed since it was shown, and was left alone. It is now: ${state}.`,
      described,
    );
  }
}

function done(verb: Settlement['verb'], item: Item): Outcome {
  return { done: true, reason: `${verb}d.`, exitCode: EXIT.ok, item: describeItem(item, Date.now()) };
}

function no(reason: string, item: DescribedItem | null): Outcome {
  return { done: false, reason, exitCode: EXIT.no, item };
}
