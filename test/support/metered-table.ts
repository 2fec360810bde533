import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { consumedBy, meter } from '../../bench/response-size/meter.ts';
import { createIdempotencyTable, testClient } from './dynamodb.ts';

type Consumed = Awaited<ReturnType<typeof consumedBy>>;

/** An empty table on the run's engine, and a client that counts what is sent to it. */
export interface MeteredTable {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Requests and units of what `work` sends; those of transactions are not among the units. */
  consumedBy(work: () => Promise<unknown>): Promise<Consumed>;
  /** The units of the transactions that `work` sends, which not every engine counts alike. */
  transactionUnits(work: () => Promise<unknown>): Promise<number>;
  /** For the end of the suite. */
  close(): void;
}

export async function openMeteredTable(): Promise<MeteredTable> {
  const client = testClient();
  const tableName = await createIdempotencyTable(client);
  const consumed = meter(client);
  return {
    client,
    tableName,
    consumedBy: (work) => consumedBy(consumed, work),
    transactionUnits: (work) => transactionUnits(client, work),
    close: () => client.destroy(),
  };
}

async function transactionUnits(client: DynamoDBClient, work: () => Promise<unknown>): Promise<number> {
  let units = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const { ConsumedCapacity: capacities } = result.output as { ConsumedCapacity?: unknown };
      if (context['commandName'] === 'TransactWriteItemsCommand' && Array.isArray(capacities)) {
        for (const { CapacityUnits } of capacities) units += CapacityUnits;
      }
      return result;
    },
    { step: 'initialize', priority: 'low', name: 'transactionUnits' },
  );
  try {
    await work();
  } finally {
    client.middlewareStack.remove('transactionUnits');
  }
  return units;
}
