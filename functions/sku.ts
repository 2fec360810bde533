/** Name of an article. */
const SKU = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const SKU_RULE =
  'must be 1 to 64 letters, digits, dots, underscores or hyphens, the first a letter or digit';

export function isSku(value: unknown): value is string {
  return typeof value === 'string' && SKU.test(value);
}
