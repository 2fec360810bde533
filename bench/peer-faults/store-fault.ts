import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** A fault between one client and DynamoDB, below the retries of the SDK: every try on the wire can meet it. */
export type StoreFault = {
  /** How many tries meet the fault; `Infinity` for all that the SDK makes. */
  readonly tries: number;
} & (
  | {
      readonly on: 'acquire' | 'complete' | 'release' | 'everything';
      /**
       * - `reply-lost`: DynamoDB applies the request, and the connection is reset before its reply arrives;
       * - `unreachable`: the request does not arrive;
       * - `throttled`: DynamoDB refuses the request for its rate.
       */
      readonly kind: 'reply-lost' | 'unreachable' | 'throttled';
    }
  | { readonly on: 'take-over'; readonly kind: 'reply-lost' }
);

/** Both libraries acquire and take over with PutItem, complete with UpdateItem, and release with DeleteItem. */
const COMMAND_OF = {
  acquire: 'PutItemCommand',
  'take-over': 'PutItemCommand',
  complete: 'UpdateItemCommand',
  release: 'DeleteItemCommand',
} as const;

export function injectFault(client: DynamoDBClient, fault: StoreFault): void {
  let triesLeft = fault.tries;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const hit = fault.on === 'everything' || context['commandName'] === COMMAND_OF[fault.on];
      if (!hit || triesLeft === 0) return next(args);
      if (fault.on === 'take-over') {
        // A library may try first whether the key is new: the write that takes over is the one that is not refused.
        await next(args);
        triesLeft--;
        throw networkError('socket hang up', 'ECONNRESET');
      }
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
