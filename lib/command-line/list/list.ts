import { ATTRIBUTES, type Item } from '../../stores/dynamodb-record.ts';
import { columns } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { createProgress } from '../progress.ts';
import { type Table, withTable } from '../table/connection.ts';
import { type DescribedRecord, describeItem, leaseEndOf } from '../table/described-item.ts';
import { fromNow } from '../table/from-now.ts';
import { scanPages } from '../table/scan.ts';
import type { TableOptions } from '../table/table-options.ts';
import type { Terminal } from '../terminal.ts';
import type { ListedState } from './listed-state.ts';

export interface ListOptions extends TableOptions {
  readonly status: ListedState;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly limit: number;
  readonly readUnits: number;
  readonly json?: boolean;
}

/** What the projection of the scan leaves to be said. */
type ListedRecord = Pick<DescribedRecord, 'id' | 'state' | 'attempt' | 'owner' | 'leaseEndsAt' | 'expiresAt'>;

interface Listing {
  readonly records: readonly ListedRecord[];
  readonly scannedItems: number;
  /** The limit was reached before the end of the table. */
  readonly stoppedAtLimit: boolean;
}

export async function list(options: ListOptions, terminal: Terminal): Promise<ExitCode> {
  return withTable(options, terminal, async (table) => {
    const listing = await collect(table, options, terminal);
    terminal.out(
      options.json
        ? `${JSON.stringify({ table: table.tableName, ...listing }, null, 2)}\n`
        : listingText(listing, Date.now()),
    );
    return EXIT.ok;
  });
}

async function collect(table: Table, options: ListOptions, terminal: Terminal): Promise<Listing> {
  const progress = createProgress(terminal);
  const records: ListedRecord[] = [];
  let scannedItems = 0;
  for await (const page of scanPages(table, {
    input: WITHOUT_RESULTS,
    readUnitsPerSecond: options.readUnits,
  })) {
    scannedItems += page.scanned;
    for (const item of page.items) {
      const record = listed(item, options, Date.now());
      if (record === undefined) continue;
      if (records.length === options.limit) {
        progress.end();
        return { records, scannedItems, stoppedAtLimit: true };
      }
      records.push(record);
    }
    progress.show(`${scannedItems} items looked at, ${records.length} found`);
  }
  progress.end();
  return { records, scannedItems, stoppedAtLimit: false };
}

/** Results and steps stay where they are. */
const SHOWN = [
  ATTRIBUTES.id,
  ATTRIBUTES.status,
  ATTRIBUTES.expiration,
  ATTRIBUTES.leaseEnd,
  ATTRIBUTES.owner,
  ATTRIBUTES.attempt,
] as const;

const WITHOUT_RESULTS = {
  ProjectionExpression: SHOWN.map((_, index) => `#a${index}`).join(', '),
  ExpressionAttributeNames: Object.fromEntries(SHOWN.map((name, index) => [`#a${index}`, name])),
  FilterExpression: '#a1 IN (:inProgress, :completed)',
  ExpressionAttributeValues: { ':inProgress': { S: 'INPROGRESS' }, ':completed': { S: 'COMPLETED' } },
};

function listed(item: Item, { status, olderThan }: ListOptions, nowMs: number): ListedRecord | undefined {
  const described = describeItem(item, nowMs);
  if (described.kind !== 'record') return undefined;
  if (status !== 'all' && described.state !== status) return undefined;
  if (olderThan !== undefined && (leaseEndOf(item) ?? nowMs) > nowMs - olderThan) return undefined;
  const { id, state, attempt, owner, leaseEndsAt, expiresAt } = described;
  return { id, state, attempt, owner, leaseEndsAt, expiresAt };
}

function listingText({ records, scannedItems, stoppedAtLimit }: Listing, nowMs: number): string {
  const rows = records.map(({ id, state, attempt, leaseEndsAt, expiresAt }) => [
    id,
    state,
    String(attempt ?? '-'),
    leaseEndsAt === undefined ? '-' : fromNow(Date.parse(leaseEndsAt), nowMs),
    expiresAt === undefined ? '-' : fromNow(Date.parse(expiresAt), nowMs),
  ]);
  const table =
    rows.length === 0 ? '' : columns([['id', 'state', 'attempt', 'lease ends', 'expires'], ...rows]);
  const more = stoppedAtLimit ? ', and there may be more: --limit raises the limit' : '';
  return `${table}${records.length} of ${scannedItems} items${more}\n`;
}
