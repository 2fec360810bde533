/** One run: a table, workers that serve it, clients, a killer, and the judgement on what they leave. */
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { type Finding, judge } from './checker.ts';
import { Clients } from './client.ts';
import type { Contender, FrontDoor } from './contenders.ts';
import { drive, lookAtEveryKey } from './driver.ts';
import { readTables } from './evidence.ts';
import { type Figures, figuresOf } from './figures.ts';
import { type KeyStory, storiesOf } from './key-story.ts';
import { Killer } from './killer.ts';
import type { PlacementName } from './placements.ts';
import { makePlan, type PlanOptions } from './plan.ts';
import { openValkey, storeAt } from './record-stores.ts';
import { createTables } from './tables.ts';
import { WorkerPool } from './worker-pool.ts';

export interface ChaosOptions extends PlanOptions {
  readonly endpoint: string;
  /** Engines that hold the carts. @defaultValue the one with the records */
  readonly databases?: readonly string[];
  /** @defaultValue 'one database' */
  readonly placement?: PlacementName;
  /** Port of the Valkey server that holds the records. @defaultValue none: they lie in DynamoDB */
  readonly valkeyPort?: number | undefined;
  /** Whether workers reach records in DynamoDB without the SDK. @defaultValue false */
  readonly lean?: boolean;
  /** Whether workers keep completed records in their processes. @defaultValue false */
  readonly cache?: boolean;
  readonly contender: Contender;
  readonly mutantName: string | undefined;
  readonly workers: number;
  readonly frontDoors: readonly FrontDoor[];
  readonly onProgress: (done: { readonly operations: number; readonly kills: number }) => void;
}

export interface ChaosResult {
  readonly figures: Figures;
  readonly findings: readonly Finding[];
  readonly stories: readonly KeyStory[];
  readonly durationMs: number;
}

/** A run that is not over by then never will be. */
const RUN_WITHIN_MS = 15 * 60_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const startedMs = Date.now();
  const { seed, endpoint, contender, mutantName, valkeyPort, lean = false, cache = false } = options;
  const { databases = [endpoint], placement = 'one database' } = options;
  const client = createEngineClient(endpoint);
  const databaseClients = databases.map((database) => createEngineClient(database));
  const plan = makePlan(options);
  const tables = await createTables(client, databaseClients);
  const pool = new WorkerPool(options.workers, options.frontDoors, {
    contender,
    mutantName,
    endpoint,
    tables,
    databases,
    placement,
    valkeyPort,
    lean,
    cache,
  });
  const killAll = () => pool.close();
  process.once('exit', killAll);
  try {
    const killer = new Killer(plan.strikes, pool, { seed, servingMin: Math.floor(options.workers / 2) });
    const clients = new Clients(pool, seed);
    const { operations } = plan;
    const onProgress = (done: number) => {
      const kills = killer.blows.filter(({ kind }) => kind === 'kill').length;
      options.onProgress({ operations: done, kills });
    };
    const driver = { operations, clients, killer, pool, onProgress };
    const play = async () => {
      await pool.ready();
      await Promise.all([drive(driver), killer.strikeAll()]);
      await lookAtEveryKey(driver);
    };
    await within(RUN_WITHIN_MS, Promise.race([play(), pool.failed]));

    const valkey = valkeyPort === undefined ? undefined : openValkey(valkeyPort);
    const store =
      valkey === undefined
        ? undefined
        : storeAt({ kind: 'valkey', client: valkey, keyPrefix: tables.idempotency });
    const leftovers = { client, databases: databaseClients, tables, store };
    const left = await readTables(leftovers, { contender, operations });
    valkey?.disconnect();
    const evidence = { operations, tries: clients.tries, journal: pool.journal, blows: killer.blows, left };
    const stories = storiesOf(evidence);
    const findings = judge(stories);
    const figures = figuresOf(evidence, stories, findings);
    return { figures, findings, stories, durationMs: Date.now() - startedMs };
  } finally {
    process.off('exit', killAll);
    pool.close();
    client.destroy();
    for (const database of databaseClients) database.destroy();
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The run was not over within ${limitMs} ms.`)), limitMs);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
