/** Tells of each request that the SDK sends to one of the sample's tables, the SDK's own retries included. */

import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { currentInvocation } from './invocation.ts';
import type { ObservedTable, StoreOutcome } from './observation.ts';

/** As much of any request to a table as is told. The document client has turned its values into attributes by then. */
interface TableRequest {
  readonly TableName?: string;
  readonly Key?: Readonly<Record<string, { readonly S?: string }>>;
  readonly Item?: Readonly<Record<string, { readonly S?: string }>>;
}

let storeRequests = 0;

/** Changes `client`: whatever it sends in the course of an invocation is told to that invocation's observer. */
export function observeClient(client: DynamoDBClient, tables: Readonly<Record<ObservedTable, string>>): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const { TableName, Key, Item } = args.input as TableRequest;
      const table =
        TableName === tables.idempotency ? 'idempotency' : TableName === tables.cart ? 'cart' : undefined;
      const invocation = currentInvocation();
      if (table === undefined || invocation === undefined) return next(args);

      storeRequests += 1;
      const request = {
        storeRequest: storeRequests,
        // The SDK says `PutItemCommand`, DynamoDB `PutItem`.
        operation: String(context['commandName']).replace(/Command$/, ''),
        table,
      } as const;
      const attributes = Key ?? Item;
      const itemId = (table === 'cart' ? attributes?.['cartId'] : attributes?.['id'])?.S;
      invocation.observe({ type: 'store-request', ...request, ...(itemId === undefined ? {} : { itemId }) });
      try {
        const reply = await next(args);
        invocation.observe({ type: 'store-reply', ...request, outcome: 'done' });
        return reply;
      } catch (error) {
        invocation.observe({ type: 'store-reply', ...request, outcome: outcomeOf(error) });
        throw error;
      }
    },
    // Behind the SDK's retries (priority high), so that each try is told.
    { step: 'finalizeRequest', priority: 'low', name: 'observe', tags: ['OBSERVE'] },
  );
}

function outcomeOf(error: unknown): StoreOutcome {
  return error instanceof ConditionalCheckFailedException ? 'condition-failed' : 'failed';
}
