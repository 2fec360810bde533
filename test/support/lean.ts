import { LeanDynamoDbStore, type LeanDynamoDbStoreOptions } from '../../lib/lean/index.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../lib/local/engine-client.ts';
import { testEndpoint } from './dynamodb.ts';

/** A store without the SDK, on the run's engine unless another endpoint is given. `destroy()` it when the suite is over. */
export function leanStore(options: LeanDynamoDbStoreOptions): LeanDynamoDbStore {
  return new LeanDynamoDbStore({
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    ...options,
    endpoint: options.endpoint ?? testEndpoint(),
  });
}
