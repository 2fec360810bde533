import type { Context } from 'aws-lambda';

/** Too little is left of the invocation; the message has not been touched. */
export class OutOfTimeError extends Error {
  constructor(neededMs: number) {
    super(`Less than ${neededMs} ms are left of this invocation.`);
    this.name = 'OutOfTimeError';
  }
}

/**
 * Keeps a message of a batch from being started when it could not be finished.
 *
 * The messages of a batch share one deadline. At the deadline Lambda stops the function, no list of failures is sent,
 * and the whole batch counts as failed: messages that were done long ago come again (and have to be recognised), one
 * delivery nearer to the dead-letter queue, and the outcome of the one that was being worked on is unknown. A message
 * that is refused in time costs a redelivery of its own and nothing else.
 *
 * @throws OutOfTimeError if less than `neededMs` is left
 */
export function requireTime(context: Context, neededMs: number): void {
  if (context.getRemainingTimeInMillis() < neededMs) throw new OutOfTimeError(neededMs);
}
