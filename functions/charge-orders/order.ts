import type { SQSRecord } from 'aws-lambda';

export interface Order {
  readonly orderId: string;
  readonly amountCents: number;
  /** ISO 4217. */
  readonly currency: string;
}

const ORDER_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const CURRENCY = /^[A-Z]{3}$/;
/** A hundred thousand, in a currency with cents: above it, somebody should look. */
const AMOUNT_MAX_CENTS = 10_000_000;

/** The message is no order, and will be none however often it is delivered. */
export class UnreadableOrderError extends Error {
  constructor(reason: string) {
    super(`The message is no order: ${reason}.`);
    this.name = 'UnreadableOrderError';
  }
}

/**
 * Reads and checks the order that a message carries.
 * @throws UnreadableOrderError that tells what is wrong, and nothing of the message
 */
export function readOrder({ body }: SQSRecord): Order {
  const { orderId, amountCents, currency } = parseObject(body);
  if (typeof orderId !== 'string' || !ORDER_ID.test(orderId))
    throw new UnreadableOrderError('orderId is no id');
  if (!isAmount(amountCents)) throw new UnreadableOrderError('amountCents is no amount');
  if (typeof currency !== 'string' || !CURRENCY.test(currency)) {
    throw new UnreadableOrderError('currency is no ISO 4217 code');
  }
  return { orderId, amountCents, currency };
}

function parseObject(body: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new UnreadableOrderError('the body is not JSON');
  }
  if (typeof value !== 'object' || value === null)
    throw new UnreadableOrderError('the body is no JSON object');
  return value as Readonly<Record<string, unknown>>; // Each member is checked before it is used.
}

function isAmount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= AMOUNT_MAX_CENTS;
}
