import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { type Emulator, REGION } from './emulator.ts';

/** Tables and functions that a destroyed stack has left in the emulator's account, by name. */
export async function leftBehind({ endpoint }: Emulator): Promise<string[]> {
  const settings = {
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const dynamoDb = new DynamoDBClient(settings);
  const lambda = new LambdaClient(settings);
  try {
    const { TableNames = [] } = await dynamoDb.send(new ListTablesCommand({}));
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    return [...TableNames, ...Functions.map(({ FunctionName = '?' }) => FunctionName)];
  } finally {
    dynamoDb.destroy();
    lambda.destroy();
  }
}
