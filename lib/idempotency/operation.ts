import type { RecordedResult } from '../stores/idempotency-store.ts';
import { sha256Base64url } from './fingerprint.ts';

/** One logical operation: the request that may take effect once, and how its result is kept and given again. */
export interface Operation {
  /** Id of its record. */
  readonly id: string;
  readonly fingerprint: string;
  /** What a finished run means for the record. */
  conclude(result: unknown): Conclusion;
  /** The answer for a duplicate, made afresh each time. */
  replay(recorded: RecordedResult): unknown;
}

export type Conclusion =
  | RecordConclusion
  /** Says of itself that it failed: a retry may run. */
  | { readonly kind: 'failed' }
  /** Does not tell whether it took effect. */
  | { readonly kind: 'unknown' };

/** Took effect. `result` makes what is recorded, and `omit` the form of it for when that does not fit. */
export interface RecordConclusion {
  readonly kind: 'record';
  readonly result: () => RecordedResult;
  readonly omit: (result: RecordedResult) => RecordedResult;
}

/**
 * The id of a record: the parts are encoded as a JSON array, so that no two lists of parts read alike, and hashed,
 * so that neither key nor caller can be read from the table or from a log.
 */
export function recordId(namespace: string, parts: readonly (string | null)[]): string {
  return `${namespace}#${sha256Base64url(JSON.stringify(parts))}`;
}
