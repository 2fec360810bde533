import { memoize } from '@smithy/core/config';
import { StoreError } from '../idempotency/errors.ts';

/** Keys of an AWS identity, shaped as the AWS SDK's providers give them. */
export interface LeanCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** When they are no longer good. A function that gave them is asked again within five minutes before. */
  readonly expiration?: Date | undefined;
}

/** Such as `fromNodeProviderChain()` of `@aws-sdk/credential-providers`. */
export type LeanCredentialsProvider = () => Promise<LeanCredentials>;

/** As the SDK has it: so much earlier, a request in flight does not outlive them. */
const RENEWED_BEFORE_MS = 300_000;

/** Where the keys for each signature come from: from the environment of the moment, unless they are given. */
export function credentialsFrom(
  given: LeanCredentials | LeanCredentialsProvider | undefined,
): LeanCredentialsProvider {
  if (given === undefined) return async () => environmentCredentials();
  if (typeof given !== 'function') return async () => given;
  const memoized = memoize(
    () => provided(given),
    ({ expiration }) => expiration !== undefined && expiration.getTime() - Date.now() < RENEWED_BEFORE_MS,
    ({ expiration }) => expiration !== undefined,
  );
  return () => memoized();
}

/** Read anew each time: Lambda's own do not change within a sandbox, but nothing is lost by not relying on it. */
function environmentCredentials(): LeanCredentials {
  const accessKeyId = process.env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = process.env['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey) {
    throw new StoreError(
      'There are no credentials in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN with temporary ones). Lambda sets them from the role of the function; elsewhere give LeanDynamoDbStore the option `credentials`, for instance fromNodeProviderChain() of @aws-sdk/credential-providers.',
    );
  }
  return { accessKeyId, secretAccessKey, sessionToken: process.env['AWS_SESSION_TOKEN'] || undefined };
}

async function provided(provider: LeanCredentialsProvider): Promise<LeanCredentials> {
  const credentials = await givenBy(provider);
  if (!areCredentials(credentials)) {
    throw new StoreError(
      'The function `credentials` of LeanDynamoDbStore must resolve to an object with the strings accessKeyId and secretAccessKey.',
    );
  }
  return credentials;
}

async function givenBy(provider: LeanCredentialsProvider): Promise<LeanCredentials> {
  try {
    return await provider();
  } catch (error) {
    throw new StoreError('The function `credentials` of LeanDynamoDbStore gave none.', { cause: error });
  }
}

export function areCredentials(value: unknown): value is LeanCredentials {
  const { accessKeyId, secretAccessKey, sessionToken } = Object(value) as Record<string, unknown>;
  return (
    isFilled(accessKeyId) &&
    isFilled(secretAccessKey) &&
    (sessionToken === undefined || typeof sessionToken === 'string')
  );
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
