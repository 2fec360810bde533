import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { readJsonObject } from '../json-body.ts';
import { invalidRequest, type Violation } from '../problem-answers.ts';
import { isSku, SKU_RULE } from '../sku.ts';

export interface CheckoutRequest {
  readonly sku: string;
  readonly quantity: number;
  /** What the payment service calls the customer's card; never its number. */
  readonly cardToken: string;
}

const CARD_TOKEN = /^[A-Za-z0-9_-]{1,128}$/;
const QUANTITY_MAX = 999;

/** @throws ProblemError (400) that names every field that is wrong */
export function readCheckoutRequest(event: APIGatewayProxyEventV2): CheckoutRequest {
  const { sku, quantity, cardToken } = readJsonObject(event, ['sku', 'quantity', 'cardToken']);
  const errors: Violation[] = [];
  if (!isSku(sku)) errors.push({ field: 'sku', message: SKU_RULE });
  if (!Number.isSafeInteger(quantity) || Number(quantity) < 1 || Number(quantity) > QUANTITY_MAX) {
    errors.push({ field: 'quantity', message: `must be a whole number from 1 to ${QUANTITY_MAX}` });
  }
  if (typeof cardToken !== 'string' || !CARD_TOKEN.test(cardToken)) {
    errors.push({ field: 'cardToken', message: 'must be the token of a card' });
  }
  if (errors.length > 0) throw invalidRequest(errors);
  return { sku: String(sku), quantity: Number(quantity), cardToken: String(cardToken) };
}
