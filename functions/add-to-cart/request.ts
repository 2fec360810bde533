import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { CART_ID_RULE, isCartId } from '../cart-line.ts';
import { invalidRequest, type Violation } from '../problem-answers.ts';

export interface AddToCartRequest {
  readonly cartId: string;
  readonly sku: string;
  readonly quantity: number;
}

const FIELDS: readonly string[] = ['cartId', 'sku', 'quantity'];
const SKU = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** More of one article than this in one line is a slip of the keyboard. */
const QUANTITY_MAX = 999;
/** A client that sends hundreds of unknown fields is told of the first ones. */
const UNKNOWN_FIELDS_SHOWN_MAX = 5;
const FIELD_NAME_SHOWN_MAX_CHARACTERS = 40;

/**
 * Reads and checks the body. The content type is not looked at: what counts is whether the body is JSON, and
 * `curl -d` calls everything a form.
 * @throws ProblemError (400) that names every field that is wrong
 */
export function readAddToCartRequest(event: APIGatewayProxyEventV2): AddToCartRequest {
  const body = parseBody(event);
  const { cartId, sku, quantity } = body;
  const errors: Violation[] = [];
  if (!isCartId(cartId)) errors.push(violation('cartId', cartId, CART_ID_RULE));
  if (!isSku(sku)) {
    errors.push(
      violation(
        'sku',
        sku,
        'must be 1 to 64 letters, digits, dots, underscores or hyphens, the first a letter or digit',
      ),
    );
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

function parseBody(event: APIGatewayProxyEventV2): Readonly<Record<string, unknown>> {
  const { body = '', isBase64Encoded } = event;
  // API Gateway encodes every body whose content type it does not take for text, `curl -d` among them.
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest([{ field: 'body', message: 'must be JSON' }]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidRequest([{ field: 'body', message: `must be a JSON object with ${FIELDS.join(', ')}` }]);
  }
  return value as Readonly<Record<string, unknown>>; // An object that is no array, as checked above.
}

function isSku(value: unknown): value is string {
  return typeof value === 'string' && SKU.test(value);
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
