/** A line of a cart: what is stored, and what the API shows of it. */
export interface CartLine {
  readonly lineId: string;
  readonly cartId: string;
  readonly sku: string;
  readonly quantity: number;
  /** ISO 8601, UTC. */
  readonly addedAt: string;
}

/** Characters that need no escaping in a path, so that `/cart/{cartId}` is the id and nothing else. */
const CART_ID = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/;

export const CART_ID_RULE =
  'must be 1 to 64 letters, digits, dots, underscores, tildes or hyphens, the first a letter or digit';

export function isCartId(value: unknown): value is string {
  return typeof value === 'string' && CART_ID.test(value);
}

/** A row of the table as a line, without attributes that later versions may add. */
export function cartLineOf(row: Readonly<Record<string, unknown>>): CartLine {
  // The table is written by add-to-cart alone, with exactly these types.
  const { lineId, cartId, sku, quantity, addedAt } = row as unknown as CartLine;
  return { lineId, cartId, sku, quantity, addedAt };
}
