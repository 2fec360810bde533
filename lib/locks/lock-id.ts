import { sha256Base64url } from '../idempotency/fingerprint.ts';

/** Begins the id of every lock, and of nothing else: the CDK construct grants access to locks by it. */
export const LOCK_ID_PREFIX = 'lock:';

/**
 * Id of the record of a resource. The ids of idempotency records, and of chunks of their results, contain a `#`; this one
 * cannot, whatever its parts are, so that one table serves both.
 *
 * The name is hashed, as keys are: names of resources come from users (a seat, an account, an e-mail address), may be of any
 * length and hold any character, and have no business in a table's keys or in logs. The namespace stays readable.
 * @param namespace - letters, digits, `-`, `_` and `.`
 */
export function lockId(namespace: string, resource: string): string {
  return `${LOCK_ID_PREFIX}${namespace}:${sha256Base64url(JSON.stringify([resource]))}`;
}
