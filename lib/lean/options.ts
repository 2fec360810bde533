import type { marshallOptions as MarshallOptions } from '@aws-sdk/util-dynamodb';
import { ConfigurationError } from '../idempotency/errors.ts';
import { rejectUnknown } from '../idempotency/unknown-options.ts';
import {
  areCredentials,
  credentialsFrom,
  type LeanCredentials,
  type LeanCredentialsProvider,
} from './credentials.ts';
import { resolveEndpoint, resolveRegion } from './endpoint.ts';

/** Of `new LeanDynamoDbStore(...)`. */
export interface LeanDynamoDbStoreOptions {
  /** Table with the string partition key `id` and TTL on `expiration` (see `IdempotencyTable` of `./cdk`). */
  readonly tableName: string;
  /** Such as `'eu-west-1'`. @defaultValue the environment variable `AWS_REGION`, which Lambda sets */
  readonly region?: string | undefined;
  /**
   * URL with scheme, host and port alone. `http:` is for engines on your own machine.
   * @defaultValue `AWS_ENDPOINT_URL_DYNAMODB`, or else `AWS_ENDPOINT_URL` (neither where `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is
   * `true`), or else the public endpoint of the region
   */
  readonly endpoint?: string | undefined;
  /**
   * Keys to sign with, or a function that resolves to them, such as `fromNodeProviderChain()` of
   * `@aws-sdk/credential-providers`. What a function gave is used until five minutes before its `expiration`.
   * @defaultValue those of the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), read for
   * each request
   */
  readonly credentials?: LeanCredentials | LeanCredentialsProvider | undefined;
  /** Tries of each request, the first included. @defaultValue 3 */
  readonly maxAttempts?: number | undefined;
  /** After which a connection that is not there is given up and tried again, in ms. @defaultValue 1000 */
  readonly connectTimeoutMs?: number | undefined;
  /** After which a request without its whole reply is given up and tried again, in ms. @defaultValue 2000 */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * Connections at a time; further requests wait for one, within their `requestTimeoutMs`. A Lambda sandbox needs one, and
   * one more for each chunk of a long answer.
   * @defaultValue 50
   */
  readonly maxSockets?: number | undefined;
  /**
   * How JavaScript values become attributes in `context.idempotency.commit`; the same as `marshallOptions` of
   * `DynamoDBDocumentClient.from(client, { marshallOptions })`.
   * @defaultValue those of the document client: undefined members, class instances and imprecise numbers are refused
   */
  readonly marshallOptions?: MarshallOptions | undefined;
}

/** As `createDefaultClient` has them; the number of sockets is the SDK's own. */
const DEFAULTS = Object.freeze({
  maxAttempts: 3,
  connectTimeoutMs: 1000,
  requestTimeoutMs: 2000,
  maxSockets: 50,
});

const NAMES = ['tableName', 'region', 'endpoint', 'credentials', ...Object.keys(DEFAULTS), 'marshallOptions'];

/** @throws ConfigurationError on an unknown name, or a value of the wrong kind */
export function resolveLeanOptions(options: LeanDynamoDbStoreOptions) {
  rejectUnknown(options, NAMES, {
    of: 'LeanDynamoDbStore',
    hint: 'A client of the SDK is for DynamoDbStore of the main entry.',
  });
  const region = resolveRegion(options.region);
  const { credentials } = options;
  if (credentials !== undefined && typeof credentials !== 'function' && !areCredentials(credentials)) {
    throw new ConfigurationError(
      'Option "credentials" of LeanDynamoDbStore must be an object with the strings accessKeyId and secretAccessKey, or a function that resolves to one.',
    );
  }
  return {
    tableName: options.tableName,
    marshallOptions: options.marshallOptions,
    region,
    endpoint: resolveEndpoint(options.endpoint, region),
    credentials: credentialsFrom(credentials),
    maxAttempts: wholeNumber(options, 'maxAttempts'),
    connectTimeoutMs: wholeNumber(options, 'connectTimeoutMs'),
    requestTimeoutMs: wholeNumber(options, 'requestTimeoutMs'),
    maxSockets: wholeNumber(options, 'maxSockets'),
  };
}

function wholeNumber(options: LeanDynamoDbStoreOptions, name: keyof typeof DEFAULTS): number {
  const value = options[name] ?? DEFAULTS[name];
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new ConfigurationError(
      `Option "${name}" of LeanDynamoDbStore must be a whole number of at least 1.`,
    );
  }
  return value;
}
