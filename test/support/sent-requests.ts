import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** The commands that `action` sends through `client`, by name, every try of a retried one included. */
export async function requestsOf(client: DynamoDBClient, action: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const name = `count-${randomUUID()}`;
  client.middlewareStack.add(
    (next, context) => (args) => {
      sent.push(String(context['commandName']).replace(/Command$/, ''));
      return next(args);
    },
    // Below the retries: every attempt on the wire counts.
    { step: 'finalizeRequest', priority: 'low', name },
  );
  await action();
  client.middlewareStack.remove(name);
  return sent;
}
