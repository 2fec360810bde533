import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * Local engines check no signature, but the SDK insists on signing. Never the credentials of the environment: real ones
 * have no business with a local endpoint. All processes share these, since DynamoDB Local keeps a database for each
 * access key and region.
 */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;
export const LOCAL_REGION = 'eu-west-1';
/** What a client of a local engine is told beside the endpoint. */
export const LOCAL_SETTINGS = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS } as const;

export function createEngineClient(
  endpoint: string,
  options: { readonly maxAttempts?: number } = {},
): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    ...LOCAL_SETTINGS,
    ...options,
  });
}
