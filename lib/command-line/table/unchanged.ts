import { ATTRIBUTES, type Item } from '../../stores/dynamodb-record.ts';

/** What changes whenever a record changes hands, is renewed, settled or put anew. */
const TELLING = [
  ATTRIBUTES.status,
  ATTRIBUTES.owner,
  ATTRIBUTES.attempt,
  ATTRIBUTES.leaseEnd,
  ATTRIBUTES.expiration,
  ATTRIBUTES.validation,
  ATTRIBUTES.settledBy,
] as const;

export interface UnchangedCondition {
  readonly expression: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

/**
 * Holds only if the item is still the one that somebody has looked at: nobody has renewed, settled, released or taken it since.
 * Stricter than the owner's own condition, since an operator is not the owner. Its placeholders begin with `#was` and `:was`.
 */
export function unchangedSince(item: Item): UnchangedCondition {
  const names: Record<string, string> = {};
  const values: Item = {};
  const parts = TELLING.map((name, index) => {
    names[`#was${index}`] = name;
    const value = item[name];
    if (value === undefined) return `attribute_not_exists(#was${index})`;
    values[`:was${index}`] = value;
    return `#was${index} = :was${index}`;
  });
  return { expression: parts.join(' AND '), names, values };
}
