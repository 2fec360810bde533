import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { CART_ID_RULE, isCartId } from '../cart-line.ts';
import { readJsonObject } from '../json-body.ts';
import { invalidRequest, type Violation } from '../problem-answers.ts';
import { isSku, SKU_RULE } from '../sku.ts';

export interface AddToCartRequest {
  readonly cartId: string;
  readonly sku: string;
  readonly quantity: number;
}

const FIELDS: readonly string[] = ['cartId', 'sku', 'quantity'];
/** More of one article than this in one line is a slip of the keyboard. */
const QUANTITY_MAX = 999;
/** A client that sends hundreds of unknown fields is told of the first ones. */
const UNKNOWN_FIELDS_SHOWN_MAX = 5;
const FIELD_NAME_SHOWN_MAX_CHARACTERS = 40;

/**
 * Reads and checks the body.
 * @throws ProblemError (400) that names every field that is wrong
 */
export function readAddToCartRequest(event: APIGatewayProxyEventV2): AddToCartRequest {
  const body = readJsonObject(event, FIELDS);
  const { cartId, sku, quantity } = body;
  const errors: Violation[] = [];
  if (!isCartId(cartId)) errors.push(violation('cartId', cartId, CART_ID_RULE));
  if (!isSku(sku)) {
    errors.push(violation('sku', sku, SKU_RULE));
  }
  if (!isQuantity(quantity)) {
    errors.push(violation('quantity', quantity, `must be a whole number from 1 to ${QUANTITY_MAX}`));
  }
  errors.push(...unknownFields(body));

  if (errors.length > 0 || !isCartId(cartId) || !isSku(sku) || !isQuantity(quantity)) {
    throw invalidRequest(errors);
  }
  return { cartId, sku, quantity };
}

function isQuantity(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= QUANTITY_MAX;
}

function violation(field: string, value: unknown, rule: string): Violation {
  return { field, message: value === undefined ? `is missing and ${rule}` : rule };
}

function unknownFields(body: Readonly<Record<string, unknown>>): Violation[] {
  return Object.keys(body)
    .filter((name) => !FIELDS.includes(name))
    .slice(0, UNKNOWN_FIELDS_SHOWN_MAX)
    .map((name) => ({
      field: name.slice(0, FIELD_NAME_SHOWN_MAX_CHARACTERS),
      message: `is not one of the fields ${FIELDS.join(', ')}`,
    }));
}
