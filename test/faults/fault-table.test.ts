/**
 * Every fault at every place of the protocol, on a real engine, through the real SDK with its real retries, and without it. The rows
 * are independent of each other and run side by side, because most of their time is the client's pauses.
 */
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createIdempotencyTable } from '../support/dynamodb.ts';
import { comesToIfLasting, EXPECTED_OUTCOMES, type Persistence } from './expected-outcomes.ts';
import { always, canStrike, FAULT_NAMES, FAULTS, type Fault, once, type PlannedFault } from './fault.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { FORMS, failingWork } from './guarded-handler.ts';
import { type GuardedService, largeAnswer } from './guarded-service.ts';
import { type FaultObservation, observeFault } from './observe-fault.ts';
import { STORE_OPERATIONS, type StoreOperation } from './store-operation.ts';
import { IMPATIENT_MS, MAX_ATTEMPTS, PATIENT_MS, withGuardedService } from './with-guarded-service.ts';

/** The library's own, of a transaction that others stand in the way of. */
const COMMIT_TRIES_MAX = 5;

interface Row {
  readonly fault: Fault;
  readonly place: StoreOperation;
  readonly often: 'once' | 'always';
  readonly comesTo: Persistence;
}

const ROWS: readonly Row[] = STORE_OPERATIONS.flatMap((place) =>
  FAULT_NAMES.filter((fault) => canStrike(fault, place))
    // Late deliveries have a suite of their own: what they come to depends on when they come.
    .filter((fault) => fault !== 'request stuck, and delivered late')
    .flatMap((fault): Row[] => [
      { fault, place, often: 'once', comesTo: 'overcome by a retry' },
      { fault, place, often: 'always', comesTo: comesToIfLasting(fault) },
    ]),
);

/** Both forms of the guard with the SDK. What requests go through is no business of the form. */
const CASES = [...FORMS.map((form) => [form, 'sdk'] as const), ['wrapper', 'lean'] as const].flatMap(
  ([form, through]) => STORE_OPERATIONS.map((place) => [form, through, place] as const),
);

/** Requests that hang are given up three times over, on machines that have other things to do. */
jest.setTimeout(60_000);

let tableName: string;

beforeAll(async () => {
  tableName = await createIdempotencyTable();
});

describe.each(CASES)('%s, %s: a fault at %s', (form, through, place) => {
  test.concurrent.each(ROWS.filter((row) => row.place === place))('$fault, $often: $comesTo', async (row) => {
    const requestTimeoutMs = FAULTS[row.fault].slow ? IMPATIENT_MS : PATIENT_MS;
    const strategy = place === 'putCompleted' ? 'single-write' : 'lock';
    const options = { form, through, tableName, requestTimeoutMs, strategy } as const;
    const observation = await withGuardedService(options, async (service, proxy) => {
      await arrange(place, service, proxy);
      return observe(row, service, proxy);
    });
    expect(observation).toEqual({
      outcome: EXPECTED_OUTCOMES[place][row.comesTo],
      // Otherwise the row would pass without its fault, or without the retries.
      strikes: row.often === 'once' || row.fault === 'reply delayed' ? 1 : triesMax(row),
      writesApplied: commits(place) ? 1 : 0,
      stepRuns: expectedStepRuns(row),
    });
  });
});

/** Brings the key into the state in which the next request comes to the place. */
async function arrange(place: StoreOperation, service: GuardedService, proxy: FaultProxy): Promise<void> {
  switch (place) {
    case 'acquire':
    case 'complete':
      return;
    case 'takeOver':
      return service.leaveLapsedLease();
    case 'commit':
    case 'putCompleted':
      return service.commitWrites();
    case 'writeChunk':
      return service.planRun(async () => largeAnswer(1));
    case 'recordStep':
      return service.runStep();
    case 'renew':
      service.runStep();
      return service.planRun(failingWork);
    case 'release':
      return service.planRun(failingWork);
    case 'read':
      await service.send();
      return proxy.withholdOldItems();
    case 'readChunk':
      service.planRun(async () => largeAnswer(1));
      await service.send();
      return;
  }
}

interface Observation extends FaultObservation {
  readonly writesApplied: number;
  readonly stepRuns: number;
}

async function observe(
  { fault, place, often }: Row,
  service: GuardedService,
  proxy: FaultProxy,
): Promise<Observation> {
  const planned: PlannedFault = often === 'once' ? once(fault, place) : always(fault, place);
  proxy.plan(planned);
  const observation = await observeFault(service, proxy);
  return { ...observation, writesApplied: await service.writesApplied(), stepRuns: service.stepRuns };
}

function triesMax({ fault, place }: Row): number {
  return fault === 'conflict with a transaction' && commits(place) ? COMMIT_TRIES_MAX : MAX_ATTEMPTS;
}

/** A step is run again only where its result did not reach the record. */
function expectedStepRuns({ place, comesTo }: Row): number {
  if (place === 'renew') return 1;
  if (place !== 'recordStep') return 0;
  return comesTo === 'lasting, not applied' ? 2 : 1;
}

function commits(place: StoreOperation): boolean {
  return place === 'commit' || place === 'putCompleted';
}
