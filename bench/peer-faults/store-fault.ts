import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** A fault between one client and DynamoDB, below the retries of the SDK: every try on the wire can meet it. */
export interface StoreFault {
  readonly on: 'acquire' | 'complete' | 'everything';
  /**
   * - `reply-lost`: DynamoDB applies the request, and the connection is reset before its reply arrives;
   * - `unreachable`: the request does not arrive;
   * - `throttled`: DynamoDB refuses the request for its rate.
   */
  readonly kind: 'reply-lost' | 'unreachable' | 'throttled';
  /** How many tries meet the fault; `Infinity` for all that the SDK makes. */
  readonly tries: number;
}

/** Both libraries acquire with PutItem and complete with UpdateItem. */
const COMMAND_OF = { acquire: 'PutItemCommand', complete: 'UpdateItemCommand' } as const;

export function injectFault(client: DynamoDBClient, fault: StoreFault): void {
  let triesLeft = fault.tries;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const hit = fault.on === 'everything' || context['commandName'] === COMMAND_OF[fault.on];
      if (!hit || triesLeft === 0) return next(args);
      triesLeft--;
      switch (fault.kind) {
        case 'reply-lost':
          await next(args);
          throw networkError('socket hang up', 'ECONNRESET');
        case 'unreachable':
          throw networkError('connect ECONNREFUSED', 'ECONNREFUSED');
        case 'throttled':
          throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $fault: 'client' });
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'injectedFault' },
  );
}

/** As the SDK's own HTTP handler throws them: a transient error, which it tries again. */
function networkError(message: string, code: string): Error {
  return Object.assign(new Error(message), { name: 'TimeoutError', code });
}
