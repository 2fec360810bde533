/** What the snippets in README and docs take for granted: the reader's own functions. */
declare function saveLine(lineId: string, item: unknown): Promise<void>;

interface Order {
  readonly orderId: string;
  readonly amount: number;
}
declare function chargeOrder(order: Order): Promise<string>;
declare function exportOrders(event: {
  readonly body: string | null;
}): Promise<{ statusCode: number; body: string }>;
declare function reserveStock(reservationId: string, order: Order): Promise<string>;
declare function chargeCard(idempotencyKey: string, amount: number, signal: AbortSignal): Promise<string>;
declare function findCharge(idempotencyKey: string): Promise<string | undefined>;
declare const thisServer: string;
interface Database {
  readonly url: string;
}
declare function databaseOf(server: string): Database;
declare function putLineIfNew(database: Database, lineId: string, order: Order): Promise<void>;
declare const userId: string;
declare function accessToken(): Promise<string>;
declare const cacheClient: import('@aws-lambda-powertools/idempotency/cache/types').CacheClient;
declare function saveBooking(
  seat: string,
  bookingId: string,
  fencingToken: number,
  signal: AbortSignal,
): Promise<void>;
