import { randomUUID } from 'node:crypto';
import { ATTRIBUTES, type Item, stepAttribute, stepNamesOf } from '../../stores/dynamodb-record.ts';
import { OWN_FORMAT } from '../../stores/dynamodb-result.ts';
import { POWERTOOLS_FORMAT } from '../../stores/powertools-format.ts';
import type { Header } from '../arguments.ts';
import { usageError } from '../command-error.ts';
import type { ExitCode } from '../exit-code.ts';
import { withTable } from '../table/connection.ts';
import { idOf, type RecordName } from '../table/record-name.ts';
import { type Assignments, type SettlementOptions, settle } from '../table/settlement.ts';
import type { TableOptions } from '../table/table-options.ts';
import type { Terminal } from '../terminal.ts';
import type { WrittenFormat } from './written-format.ts';

export interface CompleteOptions extends TableOptions, RecordName, SettlementOptions {
  /** JSON. */
  readonly result?: string;
  readonly httpStatus?: number;
  readonly httpHeader?: readonly Header[];
  readonly httpBody?: string;
  /** Milliseconds. */
  readonly retention: number;
  readonly recordFormat?: WrittenFormat;
}

export async function complete(options: CompleteOptions, terminal: Terminal): Promise<ExitCode> {
  const json = resultJson(options);
  const id = await idOf(options, terminal);
  // A new owner: the attempt, should it be alive, must not take this completion for the lost reply of its own.
  const owner = `operator-${randomUUID()}`;
  const completion = {
    verb: 'Complete',
    isDone: (item: Item) => item[ATTRIBUTES.status]?.S === 'COMPLETED' && item[ATTRIBUTES.owner]?.S === owner,
    write: (item: Item) => completionOf(item, { id, owner, json }, options),
  } as const;
  return withTable(options, terminal, (table) => settle(id, table, completion, options, terminal));
}

interface OperatorResult {
  readonly id: string;
  readonly owner: string;
  readonly json: string;
}

async function completionOf(
  item: Item,
  { id, owner, json }: OperatorResult,
  { retention, recordFormat }: CompleteOptions,
): Promise<Assignments> {
  const expiresAtSeconds = Math.floor((Date.now() + retention) / 1000);
  const isPowertools = recordFormat === 'powertools' || item[ATTRIBUTES.owner] === undefined;
  const format = isPowertools ? POWERTOOLS_FORMAT : OWN_FORMAT;
  const result = { kind: 'json', json } as const;
  const { attributes, chunks } = await format.storedResult({ id, owner }, { result, expiresAtSeconds });
  if (chunks.length > 0)
    throw usageError('The result is too large: what an operator records must fit into the record.');

  const assigned: Item = {
    ...attributes,
    [ATTRIBUTES.status]: { S: 'COMPLETED' },
    [ATTRIBUTES.owner]: { S: owner },
    [ATTRIBUTES.expiration]: { N: String(expiresAtSeconds) },
  };
  const names = Object.fromEntries(Object.keys(assigned).map((name) => [`#${name}`, name]));
  const values = Object.fromEntries(Object.entries(assigned).map(([name, value]) => [`:${name}`, value]));
  const assignments = Object.keys(assigned).map((name) => `#${name} = :${name}`);
  const steps = stepNamesOf(item).map((name, index) => [`#step${index}`, stepAttribute(name)] as const);
  const removal = steps.length === 0 ? '' : ` REMOVE ${steps.map(([placeholder]) => placeholder).join(', ')}`;
  return {
    expression: `SET ${assignments.join(', ')}${removal}`,
    names: { ...names, ...Object.fromEntries(steps) },
    values,
  };
}

/** The JSON that the Lambda runtime would have sent. */
function resultJson({ result, httpStatus, httpHeader, httpBody }: CompleteOptions): string {
  if ((result === undefined) === (httpStatus === undefined)) {
    throw usageError('Which result? Either --result, or --http-status (with --http-header and --http-body).');
  }
  if (result === undefined) {
    const headers = Object.fromEntries(httpHeader ?? []);
    return JSON.stringify({ statusCode: httpStatus, headers, body: httpBody ?? '' });
  }
  if (httpHeader !== undefined || httpBody !== undefined) {
    throw usageError('--http-header and --http-body belong to --http-status, and not to --result.');
  }
  try {
    return JSON.stringify(JSON.parse(result));
  } catch (error) {
    throw usageError('--result is no JSON. A text needs its quotation marks: --result \'"done"\'.', error);
  }
}
