import type { Item } from '../../stores/dynamodb-record.ts';
import { OWN_FORMAT, recordOf } from '../../stores/dynamodb-result.ts';
import type { IdempotencyRecord } from '../../stores/idempotency-store.ts';
import { POWERTOOLS_FORMAT } from '../../stores/powertools-format.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Table, withTable } from '../table/connection.ts';
import { describeItem, isInPowertoolsFormat } from '../table/described-item.ts';
import { itemText } from '../table/item-text.ts';
import { readItem } from '../table/items.ts';
import { idOf, type RecordName } from '../table/record-name.ts';
import type { TableOptions } from '../table/table-options.ts';
import type { Terminal } from '../terminal.ts';

export interface InspectOptions extends TableOptions, RecordName {
  readonly showResult?: boolean;
  readonly json?: boolean;
}

export async function inspect(options: InspectOptions, terminal: Terminal): Promise<ExitCode> {
  const id = await idOf(options, terminal);
  return withTable(options, terminal, async (table) => {
    const item = await readItem(table, id);
    if (item === undefined) return reportAbsence(id, table, options, terminal);
    const nowMs = Date.now();
    const described = describeItem(item, nowMs);
    const contents =
      options.showResult && described.kind === 'record' ? await contentsOf(item, table) : undefined;
    terminal.out(
      options.json
        ? `${JSON.stringify({ table: table.tableName, item: described, ...contents }, null, 2)}\n`
        : itemText(described, nowMs) + contentsText(contents),
    );
    return EXIT.ok;
  });
}

function reportAbsence(
  id: string,
  { tableName }: Table,
  { json }: InspectOptions,
  terminal: Terminal,
): ExitCode {
  if (json) terminal.out(`${JSON.stringify({ table: tableName, item: null, id }, null, 2)}\n`);
  else
    terminal.error(
      `There is no record ${id} in the table ${tableName}: a request with this key would run.\n`,
    );
  return EXIT.no;
}

/** What --show-result adds: values as JSON, or why there is none. */
interface Contents {
  readonly steps?: Readonly<Record<string, unknown>>;
  readonly result?: { readonly value: unknown } | { readonly missing: string };
}

async function contentsOf(item: Item, table: Table): Promise<Contents> {
  const format = isInPowertoolsFormat(item) ? POWERTOOLS_FORMAT : OWN_FORMAT;
  const record = await recordOf(item, (id) => readItem(table, id), undefined, format);
  const steps =
    record.steps &&
    Object.fromEntries(
      // An empty text stands for `undefined`, which JSON cannot say.
      Object.entries(record.steps).map(([name, json]) => [name, json === '' ? null : JSON.parse(json)]),
    );
  return { ...(steps === undefined ? {} : { steps }), ...resultOf(record) };
}

function resultOf({ result }: IdempotencyRecord): Pick<Contents, 'result'> {
  switch (result?.kind) {
    case undefined:
      return {};
    case 'json':
      return { result: { value: JSON.parse(result.json) } };
    case 'undefined':
      return { result: { missing: 'nothing was returned' } };
    case 'omitted':
      return { result: { missing: result.reason } };
  }
}

function contentsText(contents: Contents | undefined): string {
  if (contents === undefined) return '';
  const { steps = {}, result } = contents;
  const parts = Object.entries(steps).map(
    ([name, value]) => `\nstep ${name}\n${JSON.stringify(value, null, 2)}\n`,
  );
  if (result !== undefined) {
    parts.push(`\n${'value' in result ? JSON.stringify(result.value, null, 2) : result.missing}\n`);
  }
  return parts.join('');
}
