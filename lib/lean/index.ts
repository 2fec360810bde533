/** Entry of `lambda-idempotency/lean`: the guards on DynamoDB, without the AWS SDK in the bundle. */

export type { LeanCredentials, LeanCredentialsProvider } from './credentials.ts';
export { idempotency, idempotent } from './guards.ts';
export { LeanDynamoDbStore } from './lean-dynamodb-store.ts';
export type { LeanDynamoDbStoreOptions } from './options.ts';
