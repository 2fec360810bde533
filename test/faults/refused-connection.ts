import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type ProxiedOperation, storeOperationOf } from './store-operation.ts';

/** Reserved, and nobody listens there on the loopback: it is the kernel that refuses, and no mock. */
export const CLOSED_PORT = 1;

/** A request as the SDK hands it to its HTTP handler, as far as it matters here. */
interface WireRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Lets `client` send the requests that are struck to a port on which nobody listens. Below the SDK's retries: every
 * try asks anew. A proxy cannot do this to one request alone, because it learns of it only by accepting a connection.
 */
export function refuseConnections(
  client: DynamoDBClient,
  isStruck: (operation: ProxiedOperation) => boolean,
): void {
  client.middlewareStack.add(
    (next) => (args) => {
      // The SDK declares it as unknown, since middlewares may put anything there; for DynamoDB it is this.
      const request = args.request as WireRequest;
      const body = new TextDecoder().decode(request.body);
      const operation = storeOperationOf(request.headers['x-amz-target'], body);
      if (operation === undefined || !isStruck(operation)) return next(args);
      const elsewhere = Object.assign(Object.create(Object.getPrototypeOf(request)), request, {
        port: CLOSED_PORT,
      });
      return next({ ...args, request: elsewhere });
    },
    { step: 'finalizeRequest', priority: 'low', name: 'refuseConnections' },
  );
}
