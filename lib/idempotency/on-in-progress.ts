import { ConfigurationError } from './errors.ts';

/** What a duplicate does while the first attempt is running: it is refused, or it waits for the result. */
export type OnInProgress = 'reject' | { readonly waitMs: number };

/** The longest that a Lambda function can run, 15 minutes ("Lambda quotas", Lambda Developer Guide). */
const WAIT_MAX_MS = 15 * 60 * 1000;

/** @throws ConfigurationError on anything that is no {@link OnInProgress} */
export function resolveOnInProgress(option: OnInProgress): OnInProgress {
  if (option === 'reject') return option;
  // What a program without types can pass.
  const { waitMs, ...unknown } = Object(option) as { readonly waitMs?: unknown };
  const fits = Number.isSafeInteger(waitMs) && Number(waitMs) >= 1 && Number(waitMs) <= WAIT_MAX_MS;
  if (fits && Object.keys(unknown).length === 0) return Object.freeze({ waitMs: Number(waitMs) });
  throw new ConfigurationError(
    `Option "onInProgress" must be "reject" or { waitMs }, with waitMs a whole number of 1 to ${WAIT_MAX_MS} milliseconds.`,
  );
}
