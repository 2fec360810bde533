import { setTimeout as pause } from 'node:timers/promises';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { createEngineClient } from './engine-client.ts';

/** Between two questions to an engine that is still starting; the fastest one is up within 20 ms. */
const ASK_AGAIN_AFTER_MS = 20;
/** One answer that never comes must not use up the whole time. */
const ANSWER_WITHIN_MS = 2_000;

/** True once the endpoint lists its tables; false after `withinMs` without that, or as soon as `hasGivenUp()`. */
export async function answersDynamoDb(
  endpoint: string,
  { withinMs, hasGivenUp = () => false }: { readonly withinMs: number; readonly hasGivenUp?: () => boolean },
): Promise<boolean> {
  const client = createEngineClient(endpoint, { maxAttempts: 1 });
  const askUntilMs = performance.now() + withinMs;
  try {
    do {
      if (hasGivenUp()) return false;
      try {
        await client.send(new ListTablesCommand({ Limit: 1 }), {
          abortSignal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        });
        // Our own child may have lost the port to the very engine that has just answered.
        return !hasGivenUp();
      } catch {
        await pause(ASK_AGAIN_AFTER_MS);
      }
    } while (performance.now() < askUntilMs);
    return false;
  } finally {
    client.destroy();
  }
}
