import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { invalidRequest, type Violation } from '../problem-answers.ts';

export interface CheckoutRequest {
  readonly sku: string;
  readonly quantity: number;
  /** What the payment service calls the customer's card; never its number. */
  readonly cardToken: string;
}

const SKU = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const CARD_TOKEN = /^[A-Za-z0-9_-]{1,128}$/;
const QUANTITY_MAX = 999;

/** @throws ProblemError (400) that names every field that is wrong */
export function readCheckoutRequest(event: APIGatewayProxyEventV2): CheckoutRequest {
  const { sku, quantity, cardToken } = parseBody(event);
  const errors: Violation[] = [];
  if (typeof sku !== 'string' || !SKU.test(sku)) {
    errors.push({ field: 'sku', message: 'must be 1 to 64 letters, digits, dots, underscores or hyphens' });
  }
  if (!Number.isSafeInteger(quantity) || Number(quantity) < 1 || Number(quantity) > QUANTITY_MAX) {
    errors.push({ field: 'quantity', message: `must be a whole number from 1 to ${QUANTITY_MAX}` });
  }
  if (typeof cardToken !== 'string' || !CARD_TOKEN.test(cardToken)) {
    errors.push({ field: 'cardToken', message: 'must be the token of a card' });
  }
  if (errors.length > 0) throw invalidRequest(errors);
  return { sku: String(sku), quantity: Number(quantity), cardToken: String(cardToken) };
}

function parseBody({
  body = '',
  isBase64Encoded,
}: APIGatewayProxyEventV2): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw invalidRequest([{ field: 'body', message: 'must be a JSON object with sku, quantity, cardToken' }]);
}
