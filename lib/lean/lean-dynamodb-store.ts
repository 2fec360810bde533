import { DynamoDbRecordStore } from '../stores/dynamodb-record-store.ts';
import { LeanDynamoDbApi } from './lean-dynamodb-api.ts';
import { type LeanDynamoDbStoreOptions, resolveLeanOptions } from './options.ts';

/**
 * The same records, the same protocol and the same answers to faults as `DynamoDbStore`, without the AWS SDK: signed requests
 * over Node's own `https`. For functions in which the SDK would be most of the bundle, of the cold start and of the CPU of
 * each call; docs/lean.md says when it is not the right choice.
 *
 * ```ts
 * const store = new LeanDynamoDbStore({ tableName: 'idempotency' });
 * ```
 */
export class LeanDynamoDbStore extends DynamoDbRecordStore {
  readonly #api: LeanDynamoDbApi;

  /** @throws ConfigurationError on an unknown option, a value of the wrong kind, or if there is no table name or region */
  constructor(options: LeanDynamoDbStoreOptions) {
    const { tableName, marshallOptions, ...settings } = resolveLeanOptions(options);
    const api = new LeanDynamoDbApi(settings);
    super({ tableName, api, marshallOptions });
    this.#api = api;
  }

  /** Closes its connections, for a process that is to end. Lambda functions need not. */
  destroy(): void {
    this.#api.destroy();
  }
}
