import { LeanDynamoDbStore, type LeanDynamoDbStoreOptions } from '../../lib/lean/index.ts';
import { LOCAL_SETTINGS } from '../../lib/local/engine-client.ts';
import { testEndpoint } from './dynamodb.ts';

/** A store without the SDK, on the run's engine unless another endpoint is given. `destroy()` it when the suite is over. */
export function leanStore(options: LeanDynamoDbStoreOptions): LeanDynamoDbStore {
  return new LeanDynamoDbStore({
    ...LOCAL_SETTINGS,
    ...options,
    endpoint: options.endpoint ?? testEndpoint(),
  });
}
