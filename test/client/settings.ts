import type { IdempotencyClientOptions } from '../../lib/client/index.ts';

/** Nobody waits: pauses are written down and left out. */
export function withoutPauses(): IdempotencyClientOptions & { readonly pauses: number[] } {
  const pauses: number[] = [];
  const options = {
    random: () => 0.5,
    sleep: async (ms: number, signal?: AbortSignal) => {
      pauses.push(ms);
      signal?.throwIfAborted();
    },
  };
  // Not an option, so that it can be handed on with them.
  return Object.defineProperty(options, 'pauses', { value: pauses, enumerable: false }) as typeof options & {
    readonly pauses: number[];
  };
}

export const json = (value: unknown) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});
