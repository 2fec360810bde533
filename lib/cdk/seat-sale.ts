import type { RemovalPolicy } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { BundledFunction } from './bundled-function.ts';
import type { IdempotencyTable } from './idempotency-table.ts';

export interface SeatSaleProps {
  /** A row a seat: partition key `showId`, sort key `seatId`. */
  readonly seatsTable: TableV2;
  readonly idempotencyTable: IdempotencyTable;
  /** What becomes of the functions' logs when they leave the stack. */
  readonly removalPolicy: RemovalPolicy;
}

/** The functions that hold, book and list seats. */
export class SeatSale extends Construct {
  readonly functions: Readonly<Record<'holdSeat' | 'bookSeat' | 'listSeats', BundledFunction>>;

  constructor(scope: Construct, id: string, { seatsTable, idempotencyTable, removalPolicy }: SeatSaleProps) {
    super(scope, id);
    const seatFunction = (name: string, serviceName: string, description: string) => {
      const entry = `functions/book-seat/${serviceName}-handler.ts`;
      const made = new BundledFunction(this, name, { entry, description, serviceName, removalPolicy });
      made.addEnvironment('SEATS_TABLE', seatsTable.tableName);
      return made;
    };
    const holdSeat = seatFunction(
      'HoldSeat',
      'hold-seat',
      'POST /shows/{showId}/seats/{seatId}/holds: sets a seat aside for one user',
    );
    const bookSeat = seatFunction(
      'BookSeat',
      'book-seat',
      'POST /shows/{showId}/seats/{seatId}/bookings: sells a seat to whoever holds it',
    );
    const listSeats = seatFunction(
      'ListSeats',
      'list-seats',
      'GET /shows/{showId}/seats: lists the seats of a show',
    );
    for (const writer of [holdSeat, bookSeat]) {
      // In one transaction with the record: IAM checks each item of it as the request that it would be by itself.
      seatsTable.grants.actions(writer, 'dynamodb:UpdateItem');
      idempotencyTable.grantIdempotency(writer);
    }
    seatsTable.grants.actions(listSeats, 'dynamodb:Query');
    this.functions = { holdSeat, bookSeat, listSeats };
  }
}
