import { testEndpoint } from '../support/dynamodb.ts';
import { FaultProxy } from './fault-proxy.ts';
import { GuardedService, type GuardedServiceOptions } from './guarded-service.ts';

/** Tries of each request by the client, the first included: the SDK's own default. */
export const MAX_ATTEMPTS = 3;

/** So long that no engine on a busy machine is ever slower; for tests in which nobody waits for it to pass. */
export const PATIENT_MS = 10_000;

/** For tests in which a request hangs: long for an engine on the same machine, even a busy one, and short to wait for. */
export const IMPATIENT_MS = 700;

/** Runs `body` with a guarded handler and a key of its own, behind a proxy of its own, and closes both. */
export async function withGuardedService<T>(
  options: Pick<GuardedServiceOptions, 'tableName'> &
    Partial<Omit<GuardedServiceOptions, 'endpoint' | 'refusesConnection'>>,
  body: (service: GuardedService, proxy: FaultProxy) => Promise<T>,
): Promise<T> {
  const proxy = await FaultProxy.start(testEndpoint());
  const service = new GuardedService({
    form: 'wrapper',
    through: 'sdk',
    maxAttempts: MAX_ATTEMPTS,
    requestTimeoutMs: PATIENT_MS,
    ...options,
    endpoint: proxy.endpoint,
    refusesConnection: (operation) => proxy.refusesConnection(operation),
  });
  try {
    return await body(service, proxy);
  } finally {
    service.close();
    await proxy.close();
  }
}
