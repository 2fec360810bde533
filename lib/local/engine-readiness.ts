import { setTimeout as pause } from 'node:timers/promises';
import { type DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { createEngineClient } from './engine-client.ts';

/** Between two questions to an engine that is still starting; the fastest one is up within 20 ms. */
const ASK_AGAIN_AFTER_MS = 20;
/** One answer that never comes must not use up the whole time. */
const ANSWER_WITHIN_MS = 2_000;

interface Wait {
  readonly withinMs: number;
  /** Tells that no answer will come any more. */
  readonly hasGivenUp?: () => boolean;
  /** Tells, where it can be told, that an answer comes from the right program. */
  readonly isListening?: () => boolean;
}

/** True once the endpoint lists its tables; false after `withinMs` without that, or as soon as `hasGivenUp()`. */
export async function answersDynamoDb(endpoint: string, wait: Wait): Promise<boolean> {
  const { withinMs, hasGivenUp = () => false, isListening = () => true } = wait;
  const client = createEngineClient(endpoint, { maxAttempts: 1 });
  const askUntilMs = performance.now() + withinMs;
  try {
    do {
      if (hasGivenUp()) return false;
      if (isListening() && (await listsTables(client))) return !hasGivenUp();
      await pause(ASK_AGAIN_AFTER_MS);
    } while (performance.now() < askUntilMs);
    return false;
  } finally {
    client.destroy();
  }
}

async function listsTables(client: DynamoDBClient): Promise<boolean> {
  try {
    const abortSignal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    await client.send(new ListTablesCommand({ Limit: 1 }), { abortSignal });
    return true;
  } catch {
    return false;
  }
}
