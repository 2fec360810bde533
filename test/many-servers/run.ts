/** Four servers, each with its cache and its database, and one place for locks and records. Killed, frozen, and counted. */
import { startEngine } from '../../lib/local/engine.ts';
import type { Engine } from '../../lib/local/running-engine.ts';
import { type ChaosResult, runChaos } from '../chaos/chaos.ts';
import { FRONT_DOORS } from '../chaos/contenders.ts';
import type { Moment } from '../chaos/moments.ts';
import { openEngine } from '../chaos/open-engine.ts';
import type { PlacementName } from '../chaos/placements.ts';
import { RECORD_STORES } from '../chaos/record-stores.ts';
import { toText as historyToText } from '../chaos/report.ts';
import { argumentsOrExit, oneOf, wholeNumber } from '../support/run-arguments.ts';
import { startValkeyServer } from '../support/valkey-server.ts';
import { missedEncounters, type ServerFigures, serverFiguresOf } from './figures.ts';
import { toTable, toText } from './report.ts';

const SERVERS = 4;
/** Where a retry elsewhere has something to get wrong: before the row, and between row and record. */
const STRIKES_AT: readonly Moment[] = ['handler begun', 'effect logged', 'row put'];
const FAIL_PERCENT = 6;

const ON_TRIAL: PlacementName = 'home step';
/** Must be seen to break the promise, or nothing was tried. */
const NEGATIVE_CONTROL: PlacementName = 'own database';
const CONTROL_RUNS_MAX = 3;
const COMPARED: readonly PlacementName[] = [
  ON_TRIAL,
  NEGATIVE_CONTROL,
  'own database, block',
  'own database, look around',
];

const USAGE = `Four servers with a database each and one lock and record store: one effect per key over all databases?

Usage: npm run chaos:servers -- [options]
  --operations N   operations, each with a key of its own (default 240)
  --kills N        servers killed and started again (default 16)
  --stops N        servers frozen, more than half of them for longer than a lease (default 8)
  --seed S         of the plan (default 1)
  --store NAME     ${RECORD_STORES.join(' or ')}, where locks and records lie (default dynamodb)
  --compare        all designs, as a table for docs/many-servers.md
  --help           this text

Runs the design that docs/many-servers.md describes ('${ON_TRIAL}'), and half as much of the one in which
every server writes to its own database. Ends with 0 if the first kept every promise and the second was seen to break one, otherwise with 1.`;

const { operations, kills, stops, seed, store, compare } = argumentsOrExit(
  USAGE,
  {
    operations: { type: 'string', default: '240' },
    kills: { type: 'string', default: '16' },
    stops: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', default: RECORD_STORES[0] },
    compare: { type: 'boolean', default: false },
  },
  (values) => ({
    operations: wholeNumber('operations', values.operations, 1),
    kills: wholeNumber('kills', values.kills, 1),
    stops: wholeNumber('stops', values.stops, 0),
    seed: wholeNumber('seed', values.seed, 0),
    store: oneOf('store', values.store, RECORD_STORES),
    compare: values.compare,
  }),
);
const engine = await openEngine('embedded');
const databases: Engine[] = [];
const valkey = store === 'valkey' ? await startValkeyServer() : undefined;
try {
  for (let index = 0; index < SERVERS; index += 1) databases.push(await startEngine());
  if (compare) await compareAll();
  else await tryBoth();
} finally {
  await Promise.all([engine.stop(), valkey?.stop(), ...databases.map((database) => database.stop())]);
}

async function tryBoth(): Promise<void> {
  process.stderr.write(
    `${SERVERS} servers, ${operations} operations, ${kills} kills, ${stops} stops, seed ${seed}, records in ${store}\n`,
  );
  const { result, figures } = await run(ON_TRIAL);
  console.log(toText({ placement: ON_TRIAL, figures }));
  const missed = missedEncounters(figures);
  if (result.findings.length > 0) console.log(historyToText(result));
  else console.log('Every promise was kept: one effect a key over all databases.');
  for (const sentence of missed) console.log(sentence);

  const isSeen = await controlIsSeenToFail();
  if (result.findings.length > 0 || missed.length > 0 || !isSeen) process.exitCode = 1;
}

/** Which retry comes to which server is left to the operating system: one run may be lucky. */
async function controlIsSeenToFail(): Promise<boolean> {
  for (let more = 0; more < CONTROL_RUNS_MAX; more += 1) {
    // Strikes are what it needs, not many operations.
    const { figures } = await run(NEGATIVE_CONTROL, { share: 2, seed: seed + more });
    console.log(`\n${toText({ placement: NEGATIVE_CONTROL, figures })}`);
    if (figures.duplicatesAcrossDatabases > 0) {
      console.log('It is seen to fail, as it must.');
      return true;
    }
  }
  console.log('NOT SEEN TO FAIL: the run proves nothing.');
  return false;
}

async function compareAll(): Promise<void> {
  const judged: { placement: PlacementName; figures: ServerFigures }[] = [];
  for (const placement of COMPARED) judged.push({ placement, figures: (await run(placement)).figures });
  console.log(
    `Seed ${seed}, ${SERVERS} servers, records in ${store === 'valkey' ? 'Valkey' : 'DynamoDB (embedded engine)'}\n\n${toTable(judged)}`,
  );
}

async function run(
  placement: PlacementName,
  { share = 1, seed: ownSeed = seed }: { readonly share?: number; readonly seed?: number } = {},
): Promise<{ readonly result: ChaosResult; readonly figures: ServerFigures }> {
  const result = await runChaos({
    endpoint: engine.endpoint,
    databases: databases.map(({ endpoint }) => endpoint),
    placement,
    valkeyPort: valkey?.port,
    cache: true,
    contender: 'lambda-idempotency',
    mutantName: undefined,
    frontDoors: FRONT_DOORS,
    workers: SERVERS,
    seed: ownSeed,
    operations: Math.ceil(operations / share),
    kills: Math.ceil(kills / share),
    stops: Math.ceil(stops / share),
    strikesAt: STRIKES_AT,
    failPercent: FAIL_PERCENT,
    blockPercent: placement === 'own database, block' ? 100 : 0,
    onProgress: () => {},
  });
  return { result, figures: serverFiguresOf(result, SERVERS) };
}
