import type { DocumentWrite } from '../../lib/index.ts';

export interface Order {
  readonly orderId: string;
  readonly reservationId: string;
  readonly chargeId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly amountCents: number;
  /** ISO 8601, UTC. */
  readonly orderedAt: string;
}

export interface Orders {
  /** The write that makes an order. It is not sent here: it goes out with the completion of the key. */
  creation(order: Order): DocumentWrite;
}

export class DynamoDbOrders implements Orders {
  readonly #tableName: string;

  constructor(options: { readonly tableName: string }) {
    this.#tableName = options.tableName;
  }

  creation(order: Order): DocumentWrite {
    return { Put: { TableName: this.#tableName, Item: { id: `order#${order.orderId}`, ...order } } };
  }
}
