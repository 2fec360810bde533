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
    close: () => client.destroy(),
  };
}
