import {
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';

const ACTIVE_WITHIN_SECONDS = 30;

/** The table of the idempotency records: what the `IdempotencyTable` construct makes, without its backups. */
export async function ensureIdempotencyTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await ensureTable(client, tableName, 'id');
  await ensureTimeToLive(client, tableName);
}

/** The sample's carts: a row a line. */
export async function ensureCartTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await ensureTable(client, tableName, 'cartId', 'lineId');
}

/** The sample's seats: a row a seat that was ever held. */
export async function ensureSeatsTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await ensureTable(client, tableName, 'showId', 'seatId');
}

/** The sample's charges: a row a charge. */
export async function ensureChargesTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await ensureTable(client, tableName, 'chargeId');
}

/** @param sortKey - none where the partition key alone names an item; both are strings */
async function ensureTable(
  client: DynamoDBClient,
  tableName: string,
  partitionKey: string,
  sortKey?: string,
): Promise<void> {
  const keys = sortKey === undefined ? [partitionKey] : [partitionKey, sortKey];
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: keys.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
        KeySchema: keys.map((name, index) => ({
          AttributeName: name,
          KeyType: index === 0 ? 'HASH' : 'RANGE',
        })),
      }),
    );
  } catch (error) {
    // Several processes may start on one engine: whoever comes second finds the table there, or in the making.
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists(
    { client, maxWaitTime: ACTIVE_WITHIN_SECONDS, minDelay: 1, maxDelay: 1 },
    { TableName: tableName },
  );
}

/** Switching on what is on already is refused with a ValidationException, hence the look first. */
async function ensureTimeToLive(client: DynamoDBClient, tableName: string): Promise<void> {
  const { TimeToLiveDescription } = await client.send(
    new DescribeTimeToLiveCommand({ TableName: tableName }),
  );
  const status = TimeToLiveDescription?.TimeToLiveStatus;
  if (status === 'ENABLED' || status === 'ENABLING') return;
  try {
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: tableName,
        TimeToLiveSpecification: { AttributeName: 'expiration', Enabled: true },
      }),
    );
  } catch (error) {
    // Another process was quicker between our look and our request.
    if (!(error instanceof Error && error.name === 'ValidationException')) throw error;
  }
}
