/**
 * Every fault at every place of the protocol, on a real server, through real clients. What it comes to is what it comes to in
 * front of DynamoDB: the same table says it.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { TRIES_MAX } from '../../../lib/valkey/command-runner.ts';
import { EXPECTED_OUTCOMES, type Persistence } from '../../faults/expected-outcomes.ts';
import { always, FAULTS, once } from '../../faults/fault.ts';
import { failingWork, type GuardedHandler } from '../../faults/guarded-handler.ts';
import { observeFault } from '../../faults/observe-fault.ts';
import { startValkeyServer, type ValkeyServer } from '../../support/valkey-server.ts';
import { FAULTY_CLIENT_NAMES } from './faulty-clients.ts';
import { IMPATIENT_MS, PATIENT_MS, withValkeyService } from './guarded-valkey-service.ts';
import { loadScripts } from './load-scripts.ts';
import {
  comesToIfLasting,
  isRefusal,
  ONE_BY_ONE,
  PLACES,
  type Place,
  type ValkeyFault,
} from './valkey-fault.ts';

interface Row {
  readonly fault: ValkeyFault;
  readonly often: 'once' | 'always';
  readonly comesTo: Persistence;
}

const ROWS: readonly Row[] = ONE_BY_ONE.flatMap((fault): Row[] => [
  { fault, often: 'once', comesTo: 'overcome by a retry' },
  { fault, often: 'always', comesTo: comesToIfLasting(fault) },
]);

const CASES = FAULTY_CLIENT_NAMES.flatMap((clientName) =>
  PLACES.map((place) => [clientName, place] as const),
);

/** Commands that hang are given up three times over, on machines that have other things to do. */
jest.setTimeout(60_000);

let server: ValkeyServer;
beforeAll(async () => {
  server = await startValkeyServer();
  await loadScripts(server);
});
afterAll(() => server?.stop());

describe.each(CASES)('%s: a fault at %s', (clientName, place) => {
  test.concurrent.each(ROWS)('$fault, $often: $comesTo', async (row) => {
    const { fault, often, comesTo } = row;
    const silenceMs = isSlow(fault) ? IMPATIENT_MS : PATIENT_MS;
    const observation = await withValkeyService(
      { serverPort: server.port, clientName, silenceMs },
      async (service, proxy) => {
        await arrange(place, service);
        proxy.plan(often === 'once' ? once(fault, place) : always(fault, place));
        const { outcome, strikes } = await observeFault(service, proxy);
        return { outcome, isStruckAsPlanned: struckAsPlanned(row, strikes), stepRuns: service.stepRuns };
      },
    );
    expect(observation).toEqual({
      outcome: EXPECTED_OUTCOMES[place][comesTo],
      isStruckAsPlanned: true,
      stepRuns: expectedStepRuns(place, comesTo),
    });
  });
});

/** Brings the key into the state in which the next request comes to the place. */
async function arrange(place: Place, service: GuardedHandler): Promise<void> {
  switch (place) {
    case 'acquire':
    case 'complete':
      return;
    case 'takeOver':
      return service.leaveLapsedLease();
    case 'recordStep':
      return service.runStep();
    case 'renew':
      service.runStep();
      return service.planRun(failingWork);
    case 'release':
      return service.planRun(failingWork);
  }
}

/** Otherwise a row would pass without its fault, or without the retries. */
function struckAsPlanned({ fault, often }: Row, strikes: number): boolean {
  if (often === 'once' || fault === 'reply delayed') return strikes === 1;
  // A try can end in the client, which has noticed that the connection is gone and has no other yet, and while nobody listens
  // none comes as far as to the proxy.
  const least = fault === 'connection refused' ? 1 : TRIES_MAX - 1;
  return strikes >= least && strikes <= TRIES_MAX;
}

function isSlow(fault: ValkeyFault): boolean {
  return !isRefusal(fault) && FAULTS[fault].slow;
}

/** A step is run again only where its result did not reach the record. */
function expectedStepRuns(place: Place, comesTo: Persistence): number {
  if (place === 'renew') return 1;
  if (place !== 'recordStep') return 0;
  return comesTo === 'lasting, not applied' ? 2 : 1;
}
