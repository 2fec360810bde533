/** The checkout sample on the run's engine, with a payment service of its own, and a look at what it has left behind. */
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createCheckoutHandler } from '../../../functions/checkout/checkout.ts';
import { DynamoDbOrders } from '../../../functions/checkout/orders.ts';
import { HttpPayments, type Payments } from '../../../functions/checkout/payments.ts';
import { articleKey, DynamoDbStock } from '../../../functions/checkout/stock.ts';
import {
  DynamoDbStore,
  type HttpOptions,
  type IdempotencyEvent,
  type IdempotentContext,
} from '../../../lib/index.ts';
import { createIdempotencyTable, testClient } from '../../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { PaymentService } from './payment-service.ts';

const REMAINING_MS = 10_000;
export const LEASE_MS = REMAINING_MS + 1_000;
export const STOCKED = 100;
const UNIT_PRICE_CENTS = 250;

export interface Answer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the shop knows: of a key that was ordered once, one of each. */
export interface Books {
  readonly available: number;
  readonly reservations: number;
  readonly orders: number;
  readonly charges: number;
}

export class Shop {
  readonly events: IdempotencyEvent[] = [];
  readonly #client: DynamoDBClient;
  readonly #payments: PaymentService;
  readonly #tables: { readonly idempotency: string; readonly shop: string };

  private constructor(client: DynamoDBClient, payments: PaymentService, tables: Shop['tables']) {
    this.#client = client;
    this.#payments = payments;
    this.#tables = tables;
  }

  static async open(client: DynamoDBClient, payments: PaymentService): Promise<Shop> {
    const tables = {
      idempotency: await createIdempotencyTable(client),
      shop: await createIdempotencyTable(client),
    };
    await DynamoDBDocumentClient.from(client).send(
      new PutCommand({
        TableName: tables.shop,
        Item: { ...articleKey('apple'), available: STOCKED, unitPriceCents: UNIT_PRICE_CENTS },
      }),
    );
    return new Shop(client, payments, tables);
  }

  get tables() {
    return this.#tables;
  }

  /** Sends an order through a function that uses `client`, and whose calls to the payment service are `observed`. */
  async order(
    request: { readonly key: string; readonly body?: object },
    {
      client = this.#client,
      observed = (payments) => payments,
      options = {},
    }: {
      readonly client?: DynamoDBClient;
      readonly observed?: (payments: Payments) => Payments;
      readonly options?: HttpOptions<APIGatewayProxyEventV2>;
    } = {},
  ): Promise<Answer> {
    const { idempotency, shop: tableName } = this.#tables;
    const handler = createCheckoutHandler({
      stock: new DynamoDbStock({ client, tableName }),
      payments: observed(new HttpPayments({ baseUrl: this.#payments.baseUrl })),
      orders: new DynamoDbOrders({ tableName }),
      logger: { info: () => {}, error: () => {} },
      idempotencyOptions: {
        store: new DynamoDbStore({ tableName: idempotency, client }),
        onEvent: (event) => this.events.push(event),
        leaseMs: REMAINING_MS,
        ...options,
      },
    });
    const { key, body = { sku: 'apple', quantity: 2, cardToken: 'card_1' } } = request;
    const event = httpApiEvent({ key, body, path: '/checkout' });
    // Without Lambda's word on the time left, Middy sets no timer for its early time-out, which would outlive the killed.
    const { getRemainingTimeInMillis: _, ...context } = lambdaContext();
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    return (await handler(event, context as IdempotentContext)) as Answer;
  }

  async books(): Promise<Books> {
    const { Items = [] } = await this.#client.send(
      new ScanCommand({ TableName: this.#tables.shop, ConsistentRead: true }),
    );
    const rows = Items.map((item) => unmarshall(item));
    const countOf = (kind: string) => rows.filter(({ id }) => String(id).startsWith(`${kind}#`)).length;
    return {
      available: Number(rows.find(({ id }) => id === articleKey('apple').id)?.['available']),
      reservations: countOf('reservation'),
      orders: countOf('order'),
      charges: this.#payments.charges.size,
    };
  }
}

/** A shop and its payment service for each test. */
export function useShop(): { readonly shop: Shop; readonly payments: PaymentService } {
  let client: DynamoDBClient;
  let payments: PaymentService;
  let shop: Shop;
  beforeAll(() => {
    client = testClient();
  });
  afterAll(() => client.destroy());
  beforeEach(async () => {
    payments = await PaymentService.start();
    shop = await Shop.open(client, payments);
  });
  afterEach(() => payments.stop());
  return {
    get shop() {
      return shop;
    },
    get payments() {
      return payments;
    },
  };
}
