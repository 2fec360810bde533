/**
 * Powertools for AWS Lambda as its documentation says, and with the same guarantees switched on: a key is required, the
 * payload is validated, the remaining time of the invocation bounds the lock.
 */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { makeHandlerIdempotent } from '@aws-lambda-powertools/idempotency/middleware';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { AddLine } from './add-line.ts';
import type { FrontDoor, Invoke } from './contenders.ts';

export interface PowertoolsSettings {
  readonly frontDoor: FrontDoor;
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly keyPrefix: string;
}

/** It keeps the context of an invocation in its configuration: each request gets one of its own, as on Lambda. */
export function guardByPowertools(addLine: AddLine, settings: PowertoolsSettings): Invoke {
  const { frontDoor, client, tableName, keyPrefix } = settings;
  return async (event, context) => {
    const options = {
      persistenceStore: new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client }),
      config: new IdempotencyConfig({
        eventKeyJmesPath: 'headers."idempotency-key"',
        payloadValidationJmesPath: 'body',
        throwOnNoIdempotencyKey: true,
      }),
      keyPrefix,
    };
    try {
      if (frontDoor === 'wrapper') return await makeIdempotent(addLine, options)(event, context);
      return await middy(addLine).use(makeHandlerIdempotent(options))(event, context);
    } catch (error) {
      return answerOfPeer(error);
    }
  };
}

/** The peer has no HTTP answers of its own: these are the ones that its users write. */
const PEER_ANSWERS: Readonly<Record<string, { readonly statusCode: number; readonly code: string }>> = {
  IdempotencyAlreadyInProgressError: { statusCode: 409, code: 'IN_PROGRESS' },
  IdempotencyInconsistentStateError: { statusCode: 409, code: 'IN_PROGRESS' },
  IdempotencyValidationError: { statusCode: 422, code: 'PAYLOAD_MISMATCH' },
  IdempotencyPersistenceLayerError: { statusCode: 503, code: 'STORE_UNAVAILABLE' },
};

function answerOfPeer(error: unknown): unknown {
  const known = error instanceof Error ? PEER_ANSWERS[error.name] : undefined;
  if (known === undefined) throw error;
  return { statusCode: known.statusCode, body: JSON.stringify({ code: known.code }) };
}
