/** The seat sample on the run's engine. */
import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll } from '@jest/globals';
import { createBookSeatHandler } from '../../../functions/book-seat/book-seat.ts';
import { createHoldSeatHandler } from '../../../functions/book-seat/hold-seat.ts';
import { createListSeatsHandler } from '../../../functions/book-seat/list-seats.ts';
import type { SeatStatus } from '../../../functions/book-seat/seat.ts';
import { Seats } from '../../../functions/book-seat/seats.ts';
import { DynamoDbStore, type IdempotencyEvent, type IdempotentContext } from '../../../lib/index.ts';
import { createIdempotencyTable, createSeatsTable, testClient } from '../../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';

export interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class Theatre {
  readonly events: IdempotencyEvent[] = [];
  /** Epoch milliseconds. */
  nowMs = Date.now();
  readonly #client: DynamoDBClient;
  readonly #tables: { readonly idempotency: string; readonly seats: string };

  private constructor(
    client: DynamoDBClient,
    tables: { readonly idempotency: string; readonly seats: string },
  ) {
    this.#client = client;
    this.#tables = tables;
  }

  static async open(client: DynamoDBClient): Promise<Theatre> {
    return new Theatre(client, {
      idempotency: await createIdempotencyTable(client),
      seats: await createSeatsTable(client),
    });
  }

  hold(showId: string, seatId: string, { key = randomUUID() as string } = {}): Promise<Answer> {
    return this.#send(createHoldSeatHandler, { showId, seatId, key, path: 'holds', body: undefined });
  }

  book(
    showId: string,
    seatId: string,
    holdId: unknown,
    { key = randomUUID() as string, body = { holdId } as unknown } = {},
  ): Promise<Answer> {
    return this.#send(createBookSeatHandler, { showId, seatId, key, path: 'bookings', body });
  }

  async list(showId: string): Promise<Readonly<Record<string, SeatStatus>>> {
    return seatsOf(await this.listing(showId));
  }

  async listing(showId: string): Promise<Answer> {
    const event = {
      ...httpApiEvent({ method: 'GET', path: `/shows/${showId}/seats` }),
      pathParameters: { showId },
    };
    return (await createListSeatsHandler(this.#dependencies)(event, lambdaContext())) as Answer;
  }

  /** What lies in the table, a row a seat. */
  async rows(showId: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tables.seats,
        KeyConditionExpression: 'showId = :showId',
        ExpressionAttributeValues: { ':showId': { S: showId } },
        ConsistentRead: true,
      }),
    );
    return Items.map((item) => unmarshall(item));
  }

  get #dependencies() {
    const client = this.#client;
    return {
      seats: new Seats({ client, tableName: this.#tables.seats }),
      logger: { info: () => {}, error: () => {} },
      now: () => this.nowMs,
      idempotencyOptions: {
        store: new DynamoDbStore({ tableName: this.#tables.idempotency, client }),
        onEvent: (event: IdempotencyEvent) => this.events.push(event),
      },
    };
  }

  async #send(
    create: typeof createHoldSeatHandler,
    request: {
      readonly showId: string;
      readonly seatId: string;
      readonly key: string;
      readonly path: string;
      readonly body: unknown;
    },
  ): Promise<Answer> {
    const { showId, seatId, key, path, body } = request;
    const event = {
      ...httpApiEvent({ key, path: `/shows/${showId}/seats/${seatId}/${path}`, body: body ?? '' }),
      pathParameters: { showId, seatId },
    };
    // Without Lambda's word on the time left, Middy sets no timer, of which 500 users would leave some thousand behind.
    const { getRemainingTimeInMillis: _, ...context } = lambdaContext();
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    return (await create(this.#dependencies)(event, context as IdempotentContext)) as Answer;
  }
}

/** A theatre for the suite; each test takes a show of its own. */
export function useTheatre(): { readonly theatre: Theatre } {
  let client: DynamoDBClient;
  let theatre: Theatre;
  beforeAll(async () => {
    client = testClient();
    theatre = await Theatre.open(client);
  });
  afterAll(() => client.destroy());
  return {
    get theatre() {
      return theatre;
    },
  };
}

export function problemOf({ statusCode, body }: Answer): readonly unknown[] {
  return [statusCode, (JSON.parse(body) as { readonly type?: string }).type];
}

export function seatsOf({ body }: Answer): Readonly<Record<string, SeatStatus>> {
  return (JSON.parse(body) as { readonly seats: Readonly<Record<string, SeatStatus>> }).seats;
}

export function holdIdOf({ body }: Answer): string {
  return (JSON.parse(body) as { readonly holdId: string }).holdId;
}
