/** The deployed sample's routes and handlers, on a local engine and with the demo headers round them. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAddToCartHandler } from '../../functions/add-to-cart/add-to-cart.ts';
import { DynamoDbCart } from '../../functions/add-to-cart/cart.ts';
import { createAddToCartBesidePowertools } from '../../functions/beside-powertools/add-to-cart.ts';
import { createBookSeatHandler } from '../../functions/book-seat/book-seat.ts';
import { createHoldSeatHandler, type SeatDependencies } from '../../functions/book-seat/hold-seat.ts';
import { createListSeatsHandler } from '../../functions/book-seat/list-seats.ts';
import { Seats } from '../../functions/book-seat/seats.ts';
import type { HandlerLogger } from '../../functions/handler-logger.ts';
import { DynamoDbCartLines } from '../../functions/list-cart/lines.ts';
import { createListCartHandler } from '../../functions/list-cart/list-cart.ts';
import { createPrintLabelHandler } from '../../functions/print-label/print-label.ts';
import { DynamoDbStore, type IdempotencyEvent } from '../index.ts';
import { createLocks } from '../locks/index.ts';
import { type ValkeyClient, ValkeyStore } from '../valkey/index.ts';
import { amongDemoHazards, demoTimeoutMs, withDemoControls, withDemoHazards } from './demo-controls.ts';
import { describeEvent } from './event-note.ts';
import { currentInvocation } from './invocation.ts';
import type { ToldEvent } from './observation.ts';
import type { Route } from './route.ts';

export interface SampleApiOptions {
  readonly client: DynamoDBClient;
  readonly idempotencyTable: string;
  readonly cartTable: string;
  readonly seatsTable: string;
  /** Where the records of the cart lie, if not in `idempotencyTable`. */
  readonly valkey?: ValkeyClient | undefined;
  /** Of each function. */
  readonly functionTimeoutMs: number;
}

export function sampleRoutes(options: SampleApiOptions): Route[] {
  return [
    ...cartRoutes(options),
    ...seatRoutes(options),
    ...labelRoutes(options),
    ...powertoolsRoutes(options),
  ];
}

function cartRoutes(options: SampleApiOptions): Route[] {
  const { client, cartTable, valkey, functionTimeoutMs } = options;
  const logger = createNoteLogger();
  const guarded = guardOptions(options);
  const addToCart = createAddToCartHandler({
    cart: withDemoHazards(new DynamoDbCart({ client, tableName: cartTable })),
    logger,
    idempotencyOptions:
      valkey === undefined ? guarded : { ...guarded, store: new ValkeyStore({ client: valkey }) },
  });
  const listCart = createListCartHandler({
    cartLines: new DynamoDbCartLines({ client, tableName: cartTable }),
    logger,
  });
  return [
    demoRoute(options, 'POST', '/cart/items', 'add-to-cart', addToCart),
    {
      method: 'GET',
      path: '/cart/{cartId}',
      lambda: {
        name: 'list-cart',
        timeoutMs: functionTimeoutMs,
        handler: listCart,
      },
    },
  ];
}

function seatRoutes(options: SampleApiOptions): Route[] {
  const { client, seatsTable } = options;
  const dependencies: SeatDependencies = {
    seats: new Seats({ client, tableName: seatsTable }),
    logger: createNoteLogger(),
    idempotencyOptions: guardOptions(options),
  };
  const seats = '/shows/{showId}/seats';
  const [holdSeat, bookSeat, listSeats] = [
    createHoldSeatHandler(dependencies),
    createBookSeatHandler(dependencies),
    createListSeatsHandler(dependencies),
  ];
  return [
    demoRoute(options, 'POST', `${seats}/{seatId}/holds`, 'hold-seat', holdSeat),
    demoRoute(options, 'POST', `${seats}/{seatId}/bookings`, 'book-seat', bookSeat),
    demoRoute(options, 'GET', seats, 'list-seats', listSeats),
  ];
}

/** The label service is played by the header x-demo-work-ms: it is at work for so long, and prints nothing. */
function labelRoutes(options: SampleApiOptions): Route[] {
  const { client, idempotencyTable } = options;
  const printLabel = createPrintLabelHandler({
    labelService: { print: () => amongDemoHazards(async () => {}) },
    locks: createLocks({ tableName: idempotencyTable, client }),
    logger: createNoteLogger(),
    idempotencyOptions: guardOptions(options),
  });
  return [demoRoute(options, 'POST', '/labels', 'print-label', printLabel)];
}

/** The same function twice: as it is under Powertools, and when it has been moved. */
function powertoolsRoutes(options: SampleApiOptions): Route[] {
  const { client, idempotencyTable, cartTable } = options;
  const { before, moved } = createAddToCartBesidePowertools({
    cart: withDemoHazards(new DynamoDbCart({ client, tableName: cartTable })),
    logger: createNoteLogger(),
    client,
    tableName: idempotencyTable,
    onEvent: noteEvent,
  });
  return [
    demoRoute(options, 'POST', '/powertools/cart/items', 'add-to-cart', before),
    demoRoute(options, 'POST', '/moved/cart/items', 'add-to-cart', moved),
  ];
}

/** A route whose function obeys the demo headers. */
function demoRoute(
  { functionTimeoutMs }: SampleApiOptions,
  method: string,
  path: string,
  name: string,
  handler: unknown,
): Route {
  return {
    method,
    path,
    lambda: {
      name,
      timeoutMs: functionTimeoutMs,
      timeoutMsFor: demoTimeoutMs,
      // Middy hands the event on as it came; handlers declare the context with what their middlewares add to it.
      handler: withDemoControls(handler as Route['lambda']['handler']),
    },
  };
}

function guardOptions({ client, idempotencyTable }: SampleApiOptions) {
  return { store: new DynamoDbStore({ tableName: idempotencyTable, client }), onEvent: noteEvent };
}

function noteEvent(event: IdempotencyEvent): void {
  note(describeEvent(event));
  currentInvocation()?.observe({ type: 'protocol', event: toldEvent(event) });
}

function toldEvent(event: IdempotencyEvent): ToldEvent {
  if (event.type !== 'store-failed') return event;
  const { error, ...rest } = event;
  return { ...rest, message: error.message };
}

/** Leaves out what a deployed function says at the level INFO: the report of the request says it here. */
function createNoteLogger(): HandlerLogger {
  return {
    info: () => {},
    error: (_message, ...extra) => {
      const [fields] = extra;
      const error =
        typeof fields === 'object' && fields !== null && 'error' in fields ? fields.error : fields;
      note(error instanceof Error ? `${error.name}: ${error.message}` : 'an error without a description');
    },
  };
}

/** A handler cannot be stopped here as a sandbox is in Lambda, but the dead tell no tales. */
function note(text: string): void {
  const invocation = currentInvocation();
  if (invocation !== undefined && !invocation.isDead()) invocation.notes.push(text);
}
