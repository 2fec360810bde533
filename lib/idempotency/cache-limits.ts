import { ConfigurationError } from './errors.ts';

/** Bounds of the warm cache. What is not given has its default. */
export interface CacheLimits {
  /** Records, 1 to 100000. Room for all of them is reserved at once, some 30 bytes each. @defaultValue 1000 */
  readonly maxEntries?: number;
  /**
   * Memory, in bytes, at least 1: counted as two bytes for each character of a record and 1024 for the rest of it, which
   * is what it can take at most. A record that is larger by itself is not kept. @defaultValue 4194304 (4 MiB)
   */
  readonly maxBytes?: number;
}

/** A thirtieth of the smallest function's memory, 128 MB; a thousand answers of 1.5 KB fit in. */
export const DEFAULT_CACHE_LIMITS = Object.freeze({ maxEntries: 1000, maxBytes: 4 * 1024 * 1024 });

const ENTRIES_MAX = 100_000;

/** @throws ConfigurationError on anything but a boolean and {@link CacheLimits} */
export function resolveCacheLimits(option: boolean | CacheLimits): Required<CacheLimits> | false {
  if (option === false) return option;
  // What a program without types can pass.
  const given: unknown = option === true ? {} : option;
  const { maxEntries, maxBytes, ...unknown } = Object(given) as Record<string, unknown>;
  const fits =
    typeof given === 'object' &&
    given !== null &&
    Object.keys(unknown).length === 0 &&
    isWholeUpTo(ENTRIES_MAX, maxEntries) &&
    isWholeUpTo(Number.MAX_SAFE_INTEGER, maxBytes);
  if (!fits) {
    throw new ConfigurationError(
      `Option "cache" must be true, false, or { maxEntries, maxBytes }, with whole numbers of at least 1 and no more than ${ENTRIES_MAX} entries.`,
    );
  }
  return Object.freeze({
    maxEntries: Number(maxEntries ?? DEFAULT_CACHE_LIMITS.maxEntries),
    maxBytes: Number(maxBytes ?? DEFAULT_CACHE_LIMITS.maxBytes),
  });
}

function isWholeUpTo(most: number, value: unknown): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most);
}
