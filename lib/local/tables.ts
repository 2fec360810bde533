import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';

const ACTIVE_WITHIN_SECONDS = 30;

/** The table of the idempotency records: what the `IdempotencyTable` construct makes, without its backups. */
export async function ensureIdempotencyTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await ensureTable(client, {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  });
  await ensureTimeToLive(client, tableName);
}

/** The sample's carts: a row a line. */
export async function ensureCartTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await ensureTable(client, {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'cartId', AttributeType: 'S' },
      { AttributeName: 'lineId', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'cartId', KeyType: 'HASH' },
      { AttributeName: 'lineId', KeyType: 'RANGE' },
    ],
  });
}

/** The sample's seats: a row a seat that was ever held. */
export async function ensureSeatsTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await ensureTable(client, {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'showId', AttributeType: 'S' },
      { AttributeName: 'seatId', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'showId', KeyType: 'HASH' },
      { AttributeName: 'seatId', KeyType: 'RANGE' },
    ],
  });
}

/** The sample's charges: a row a charge. */
export async function ensureChargesTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await ensureTable(client, {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'chargeId', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'chargeId', KeyType: 'HASH' }],
  });
}

async function ensureTable(
  client: DynamoDBClient,
  input: CreateTableCommandInput & { TableName: string },
): Promise<void> {
  try {
    await client.send(new CreateTableCommand(input));
  } catch (error) {
    // Several processes may start on one engine: whoever comes second finds the table there, or in the making.
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists(
    { client, maxWaitTime: ACTIVE_WITHIN_SECONDS, minDelay: 1, maxDelay: 1 },
    { TableName: input.TableName },
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
