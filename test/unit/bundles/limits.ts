/**
 * What each entry may bring into a bundle. The recorded bytes are those of today's code: who makes it smaller or has
 * a reason to make it larger changes the one number. `./client` is not here: test/docs/client-size.test.ts holds it to
 * what the README says.
 */
export interface Limit {
  readonly source: string;
  /** Whether a client of DynamoDB is in it; what `bytes` and `parts` say is then what comes on top of the SDK alone. */
  readonly overSdk: boolean;
  readonly bytes: number;
  /** The packages and folders of ours that may be in it, and no other. */
  readonly parts: readonly string[];
}

const GUARD = [
  'lib/http',
  'lib/idempotency',
  'lib/stores',
  'canonicalize',
  'lru-cache',
  'structured-headers',
];

const middyHandlerOf = (entry: string) => `
  import middy from '@middy/core';
  import { idempotency } from './lib/${entry}.ts';
  export const handler = middy(async () => ({ statusCode: 201 })).use(idempotency());`;

export const LIMITS: Readonly<Record<string, Limit>> = {
  'a handler with Middy': {
    source: middyHandlerOf('index'),
    overSdk: true,
    bytes: 116_398,
    parts: [...GUARD, '@aws-sdk/util-dynamodb', '@middy/core'],
  },
  'a wrapped handler': {
    source: `
      import { idempotent } from './lib/index.ts';
      export const handler = idempotent(async () => ({ statusCode: 201 }));`,
    overSdk: true,
    bytes: 110_931,
    parts: [...GUARD, '@aws-sdk/util-dynamodb'],
  },
  './lean with Middy': {
    source: middyHandlerOf('lean/index'),
    overSdk: false,
    bytes: 151_623,
    parts: [
      ...GUARD,
      'lib/lean',
      'aws4',
      '@aws-sdk/util-dynamodb',
      '@middy/core',
      '@smithy/core',
      '@smithy/types',
    ],
  },
  './locks': {
    source: `
      import { createLocks } from './lib/locks/index.ts';
      export const { mutex } = createLocks({ tableName: 'locks' });`,
    overSdk: true,
    bytes: 18_448,
    parts: ['lib/idempotency', 'lib/locks', 'lib/stores'],
  },
  './valkey': {
    source: "export { ValkeyStore } from './lib/valkey/index.ts';",
    overSdk: false,
    bytes: 12_631,
    parts: ['lib/idempotency', 'lib/stores', 'lib/valkey'],
  },
};

/** The same client and commands without anything of ours. */
export const SDK_ALONE = `
  export {
    DynamoDBClient,
    BatchWriteItemCommand,
    DeleteItemCommand,
    GetItemCommand,
    PutItemCommand,
    TransactWriteItemsCommand,
    UpdateItemCommand,
  } from '@aws-sdk/client-dynamodb';`;
