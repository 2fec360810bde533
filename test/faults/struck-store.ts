/** The store that meets the faults: through the SDK, or without it. */
import { resolveEndpoint } from '../../lib/lean/endpoint.ts';
import { HttpExchange } from '../../lib/lean/http-exchange.ts';
import { type Exchange, LeanDynamoDbApi } from '../../lib/lean/lean-dynamodb-api.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION, LOCAL_SETTINGS } from '../../lib/local/engine-client.ts';
import { DynamoDbRecordStore } from '../../lib/stores/dynamodb-record-store.ts';
import { createOwnClient, DynamoDbStore } from '../../lib/stores/dynamodb-store.ts';
import { CLOSED_PORT, refuseConnections } from './refused-connection.ts';
import { type ProxiedOperation, storeOperationOf } from './store-operation.ts';

/** What a store can send its requests through. */
export const CLIENTS = ['sdk', 'lean'] as const;
export type ClientName = (typeof CLIENTS)[number];

export interface StruckStoreOptions {
  readonly through: ClientName;
  /** Of the fault proxy. */
  readonly endpoint: string;
  /** Asked before each try of a request. */
  readonly refusesConnection: (operation: ProxiedOperation) => boolean;
  readonly tableName: string;
  /** Tries of each request by the client, the first included. */
  readonly maxAttempts: number;
  /** After which the client gives up one try. */
  readonly requestTimeoutMs: number;
}

export interface StruckStore {
  readonly store: DynamoDbRecordStore;
  close(): void;
}

export function openStruckStore(options: StruckStoreOptions): StruckStore {
  return options.through === 'sdk' ? throughSdk(options) : throughLean(options);
}

function throughSdk(options: StruckStoreOptions): StruckStore {
  const { endpoint, tableName, maxAttempts, requestTimeoutMs, refusesConnection } = options;
  const client = createOwnClient({
    endpoint,
    ...LOCAL_SETTINGS,
    maxAttempts,
    requestHandler: { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
  });
  refuseConnections(client, refusesConnection);
  return { store: new DynamoDbStore({ tableName, client }), close: () => client.destroy() };
}

function throughLean({ tableName, refusesConnection, ...options }: StruckStoreOptions): StruckStore {
  const settings = {
    ...options,
    endpoint: resolveEndpoint(options.endpoint, LOCAL_REGION),
    region: LOCAL_REGION,
    credentials: async () => LOCAL_CREDENTIALS,
    connectTimeoutMs: 1000,
    maxSockets: 50,
  };
  const open = new HttpExchange(settings.endpoint, settings);
  const closed = new HttpExchange({ ...settings.endpoint, port: CLOSED_PORT }, settings);
  const exchange: Exchange = {
    post: (headers, body) => {
      const operation = storeOperationOf(String(headers['X-Amz-Target']), body.toString('utf8'));
      const isStruck = operation !== undefined && refusesConnection(operation);
      return (isStruck ? closed : open).post(headers, body);
    },
    destroy: () => open.destroy(),
  };
  const api = new LeanDynamoDbApi(settings, exchange);
  return { store: new DynamoDbRecordStore({ tableName, api }), close: () => api.destroy() };
}
