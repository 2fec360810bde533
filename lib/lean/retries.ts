import { setTimeout as pause } from 'node:timers/promises';
import { isThrottlingError, isTransientError, StandardRetryStrategy } from '@smithy/core/retry';

/** What the SDK has for DynamoDB: half of that of other services, whose replies take longer. */
const BASE_DELAY_MS = 25;

/**
 * The SDK's standard retries, by AWS's own code: which failures may pass, pauses with jitter that grow (longer ones after
 * throttling), and a budget, shared by all requests of the store, that keeps retries from prolonging an outage.
 */
export class Retries {
  readonly #strategy: StandardRetryStrategy;

  /** @param maxAttempts - tries of each request, the first included */
  constructor(maxAttempts: number) {
    this.#strategy = new StandardRetryStrategy({ maxAttempts, baseDelay: BASE_DELAY_MS });
  }

  /** Rejects with what the last try rejected with. */
  async run<T>(attempt: () => Promise<T>): Promise<T> {
    let token = await this.#strategy.acquireInitialRetryToken('');
    for (;;) {
      try {
        const output = await attempt();
        this.#strategy.recordSuccess(token);
        return output;
      } catch (error) {
        const errorType = kindOf(error);
        if (errorType === undefined) throw error;
        try {
          token = await this.#strategy.refreshRetryTokenForRetry(token, { errorType });
        } catch {
          throw error; // Attempts or budget are used up, which is not the failure that matters.
        }
        await pause(token.getRetryDelay());
      }
    }
  }
}

function kindOf(thrown: unknown): 'THROTTLING' | 'TRANSIENT' | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  // AWS's code asks for members that may all be missing, whatever its type says.
  const error = thrown as Parameters<typeof isTransientError>[0];
  if (isThrottlingError(error)) return 'THROTTLING';
  return isTransientError(error) ? 'TRANSIENT' : undefined;
}
