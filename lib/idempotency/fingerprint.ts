import { createHash, hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { deepJson } from './deep-json.ts';
import { ConfigurationError } from './errors.ts';

/**
 * Levels of nesting up to which a value is brought into canonical form. The canonicalizer recurses, and where
 * the stack overflows depends on who calls and on what the compiler has done so far: without a fixed bound, a
 * retry could take another path than the first request and count as a different one.
 */
const CANONICAL_MAX_DEPTH = 256;

/** Base64url, without padding: 43 characters. Text is hashed as UTF-8. */
export function sha256Base64url(data: string | Uint8Array): string {
  // In one call: an object for each hash costs twice as much to make, and as much again to collect.
  return hash('sha256', data, 'base64url');
}

/**
 * Fingerprint of any payload: equal for equal JSON values, whatever their spelling. Bytes are compared as bytes;
 * a `Uint8Array`, a JSON value and `undefined` never have a fingerprint in common.
 *
 * Equality is that of RFC 8785, which is that of `JSON.parse`: integers beyond 2^53 that round to the same
 * number are equal, as they are for the handler. Members that JSON drops (functions, entries of a `Map`) do not
 * count.
 *
 * @returns base64url SHA-256.
 * @throws ConfigurationError where `value` is not JSON: a `bigint`, a cycle, a `toJSON` that throws.
 */
export function fingerprintOf(value: unknown): string {
  if (value instanceof Uint8Array) return fingerprintOfBytes(value);
  const canonical = canonicalJson(value);
  return canonical === undefined
    ? sha256Base64url(`text:${plainJson(value)}`)
    : fingerprintOfCanonicalJson(canonical);
}

/** The fingerprint of the value whose {@link canonicalJson} this is. */
export function fingerprintOfCanonicalJson(canonical: string): string {
  return sha256Base64url(`json:${canonical}`);
}

/** Fingerprint of a payload that has no canonical form: equal for equal bytes. */
export function fingerprintOfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update('bytes:').update(bytes).digest('base64url');
}

/**
 * Canonical JSON (RFC 8785), or `undefined` where a value has none: lone surrogates, numbers that are not
 * finite, more than 256 levels of nesting, or nothing that JSON can express.
 */
export function canonicalJson(value: unknown): string | undefined {
  if (isDeeperThan(CANONICAL_MAX_DEPTH, value)) return undefined;
  try {
    // Stryker disable BlockStatement: what comes back without the next block is undefined, too
    return canonicalize(value);
  } catch {
    // Stryker restore BlockStatement
    return undefined;
  }
}

/** For values without a canonical form. The order of members counts here, and a retry repeats it. */
function plainJson(value: unknown): string {
  try {
    // The same text either way; the built-in function is some 20 times as fast, and bound by the stack.
    const write = isDeeperThan(CANONICAL_MAX_DEPTH, value) ? deepJson : JSON.stringify;
    return write(value) ?? 'undefined';
  } catch (cause) {
    throw new ConfigurationError(
      'The payload cannot be written as JSON, so retries of it cannot be recognized. Let idempotency run before whatever turns the payload into something else, or give it a payload of plain JSON values.',
      { cause },
    );
  }
}

/** Level by level instead of recursively; every object once a level, so that cycles end and cost no more. */
function isDeeperThan(limit: number, value: unknown): boolean {
  let level = addNesting(new Set(), [value]);
  for (let depth = 1; level.size > 0; depth += 1) {
    if (depth > limit) return true;
    const next = new Set<object>();
    for (const parent of level) addNesting(next, Object.values(parent));
    level = next;
  }
  return false;
}

/** Bytes nest nothing, and listing the members of a large upload would be costly. */
function addNesting(level: Set<object>, values: readonly unknown[]): Set<object> {
  for (const value of values) {
    if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) level.add(value);
  }
  return level;
}
