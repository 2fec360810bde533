/**
 * Reading of data that somebody else shaped. Events and answers are JSON by contract, but nothing checks the
 * contract before us: any member may be missing, `null` or of another type, and a name such as `__proto__` or
 * `constructor` must not find what every object inherits.
 */

/**
 * The value of an own property; `undefined` where `value` is no object or has no such property of its own, or
 * where reading it throws: an answer with such a getter must not make a finished operation look failed.
 */
export function ownProperty(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    // Reflect.get is typed `any`; nothing is assumed about it here.
    return Object.hasOwn(value, name) ? (Reflect.get(value, name) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

/** True for objects with named members: neither `null` nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own enumerable members; none where `value` is not an object. */
export function ownEntries(value: unknown): readonly (readonly [name: string, value: unknown])[] {
  return isRecord(value) ? Object.entries(value) : [];
}

/** The string where there is one that is not empty. */
export function nonEmptyString(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * A header or query member as a list of texts. Front doors send a string or an array of strings; validators
 * that coerce types may have left numbers and booleans. Anything else was not sent by a front door and is
 * ignored.
 */
export function textValues(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => (Array.isArray(item) ? [] : textValues(item)));
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  return [];
}
