import { SUSPENDED } from '../../idempotency/record.ts';
import { ATTRIBUTES, type Item } from '../../stores/dynamodb-record.ts';
import type { ExitCode } from '../exit-code.ts';
import { withTable } from '../table/connection.ts';
import { leaseEndOf } from '../table/described-item.ts';
import { idOf, type RecordName } from '../table/record-name.ts';
import { type Settlement, type SettlementOptions, settle } from '../table/settlement.ts';
import type { TableOptions } from '../table/table-options.ts';
import type { Terminal } from '../terminal.ts';

export interface ReleaseOptions extends TableOptions, RecordName, SettlementOptions {}

/**
 * The record stays, suspended: so does its attempt number, which must never fall, and so do recorded steps and the payload that
 * the key belongs to. The owner stays as well: should its attempt be alive after all and end before the next one begins, then its
 * result is the truth, and is recorded.
 */
const RELEASE: Settlement = {
  verb: 'Release',
  isDone: (item: Item) => item[ATTRIBUTES.status]?.S === 'INPROGRESS' && leaseEndOf(item) === SUSPENDED,
  write: async () => ({
    expression: 'SET #leaseEnd = :suspended',
    names: { '#leaseEnd': ATTRIBUTES.leaseEnd },
    values: { ':suspended': { N: String(SUSPENDED) } },
  }),
};

export async function release(options: ReleaseOptions, terminal: Terminal): Promise<ExitCode> {
  const id = await idOf(options, terminal);
  return withTable(options, terminal, (table) => settle(id, table, RELEASE, options, terminal));
}
