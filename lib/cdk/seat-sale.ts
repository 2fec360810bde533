import type { RemovalPolicy } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { bundledFunction } from './bundled-function.ts';
import type { IdempotencyTable } from './idempotency-table.ts';
import { IdempotentFunction } from './idempotent-function.ts';
import { LeastPrivilegeFunction } from './least-privilege-function.ts';

export interface SeatSaleProps {
  /** A row a seat: partition key `showId`, sort key `seatId`. */
  readonly seatsTable: TableV2;
  readonly idempotencyTable: IdempotencyTable;
  /** What becomes of the functions' logs when they leave the stack. */
  readonly removalPolicy: RemovalPolicy;
}

/** The functions that hold, book and list seats. */
export class SeatSale extends Construct {
  readonly functions: Readonly<Record<'holdSeat' | 'bookSeat' | 'listSeats', LeastPrivilegeFunction>>;

  constructor(scope: Construct, id: string, { seatsTable, idempotencyTable, removalPolicy }: SeatSaleProps) {
    super(scope, id);
    const seatFunction = (serviceName: string, description: string) =>
      bundledFunction({
        entry: `functions/book-seat/${serviceName}-handler.ts`,
        description,
        serviceName,
        removalPolicy,
        environment: { SEATS_TABLE: seatsTable.tableName },
      });
    const holdSeat = new IdempotentFunction(this, 'HoldSeat', {
      idempotencyTable,
      ...seatFunction(
        'hold-seat',
        'POST /shows/{showId}/seats/{seatId}/holds: sets a seat aside for one user',
      ),
    });
    const bookSeat = new IdempotentFunction(this, 'BookSeat', {
      idempotencyTable,
      ...seatFunction(
        'book-seat',
        'POST /shows/{showId}/seats/{seatId}/bookings: sells a seat to whoever holds it',
      ),
    });
    const listSeats = new LeastPrivilegeFunction(
      this,
      'ListSeats',
      seatFunction('list-seats', 'GET /shows/{showId}/seats: lists the seats of a show'),
    );
    for (const writer of [holdSeat, bookSeat]) {
      // In one transaction with the record: IAM checks each item of it as the request that it would be by itself.
      seatsTable.grants.actions(writer, 'dynamodb:UpdateItem');
    }
    seatsTable.grants.actions(listSeats, 'dynamodb:Query');
    this.functions = { holdSeat, bookSeat, listSeats };
  }
}
