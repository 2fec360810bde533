import { ClientConfigurationError } from './errors.ts';
import { shielded } from './events.ts';
import { newUuid } from './key-header.ts';
import { checksOf, withoutUndefined } from './option-checks.ts';
import { CLIENT_DEFAULTS, type IdempotentFetchOptions } from './options.ts';
import { sleep } from './sleep.ts';

const FUNCTION_NAMES = [
  'newKey',
  'headers',
  'onRetry',
  'fetch',
  'now',
  'monotonicNow',
  'random',
  'sleep',
] as const;

/** What `setTimeout` takes; a longer one would ring at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export type ResolvedClientOptions = ReturnType<typeof resolveClientOptions>;

/**
 * Checks the options and fills in the defaults, once.
 * @throws ClientConfigurationError on an unknown name, a value of the wrong kind, or options that contradict each other
 */
export function resolveClientOptions(options: IdempotentFetchOptions, furtherNames: readonly string[] = []) {
  const checks = checksOf(options);
  checks.known([...Object.keys(CLIENT_DEFAULTS), ...FUNCTION_NAMES, ...furtherNames]);
  checks.tokens('methods');
  checks.token('keyHeader');
  checks.oneOf('keyFormat', ['bare', 'structured']);
  checks.oneOf('bufferResponse', [true, false]);
  checks.wholeNumber('tryTimeoutMs', 1, TIMER_MAX_MS);
  checks.wholeNumber('deadlineMs', 1, TIMER_MAX_MS);
  checks.wholeNumber('maxTries', 1);
  checks.wholeNumber('pauseBaseMs', 0, TIMER_MAX_MS);
  checks.wholeNumber('pauseMaxMs', 0, TIMER_MAX_MS);
  checks.wholeNumber('retryAfterMaxMs', 0, TIMER_MAX_MS);
  checks.wholeNumber('retentionSeconds', 1);
  checks.wholeNumber('requestMaxBytes', 0);
  for (const name of FUNCTION_NAMES) checks.callable(name);

  const resolved = {
    ...CLIENT_DEFAULTS,
    ...withoutUndefined(options),
    methods: (options.methods ?? CLIENT_DEFAULTS.methods).map((method) => method.toUpperCase()),
    newKey: options.newKey ?? newUuid,
    headers: options.headers,
    notify: shielded(options.onRetry),
    // Looked up at each request, so that what instruments the global one later is used, too.
    fetch: options.fetch ?? ((...request: Parameters<typeof fetch>) => globalThis.fetch(...request)),
    now: options.now ?? Date.now,
    monotonicNow: options.monotonicNow ?? (() => performance.now()),
    random: options.random ?? Math.random,
    sleep: options.sleep ?? sleep,
  };
  if (resolved.deadlineMs >= resolved.retentionSeconds * 1000) {
    throw new ClientConfigurationError(
      `Option "deadlineMs" (${resolved.deadlineMs}) must be less than "retentionSeconds" (${resolved.retentionSeconds} s): a try that comes after the server has forgotten the key is a second operation. Lower the first or raise the second, at the server, too.`,
    );
  }
  return Object.freeze(resolved);
}
