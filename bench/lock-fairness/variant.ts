/** One run of one contender, in a process of its own; see run.ts. */
import { setTimeout as pause } from 'node:timers/promises';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { CONTENDERS } from './contenders.ts';

export interface VariantSettings {
  readonly contender: string;
  readonly endpoint: string;
  readonly tableName: string;
  readonly contenders: number;
  readonly holdMs: number;
  readonly durationMs: number;
  readonly leaseMs: number;
  readonly pollMs: number;
}

export interface VariantResult {
  /** Of every wait, in milliseconds; those that were not over at the end count as long as they had lasted. */
  readonly waitsMs: readonly number[];
  /** Grants of each contender. */
  readonly grants: readonly number[];
  readonly requests: number;
  readonly mostAtATime: number;
}

const settings = JSON.parse(process.argv[2] ?? '') as VariantSettings; // What run.ts hands over.
const client = createEngineClient(settings.endpoint);
const take = await CONTENDERS[settings.contender]?.({ client, ...settings });
if (take === undefined) throw new Error(`There is no contender "${settings.contender}".`);

let requests = 0;
client.middlewareStack.add(
  (next) => (args) => {
    requests += 1;
    return next(args);
  },
  { step: 'finalizeRequest', name: 'count', priority: 'low' },
);

const endsAtMs = performance.now() + settings.durationMs;
const waitsMs: number[] = [];
const grants = Array.from({ length: settings.contenders }, () => 0);
const waitingSince: (number | undefined)[] = grants.map(() => undefined);
let now = 0;
let mostAtATime = 0;

// Whoever still waits when the time is over is not waited for.
await Promise.race([pause(settings.durationMs), Promise.all(grants.map((_, number) => contend(number)))]);
const endedMs = performance.now();
for (const since of waitingSince) if (since !== undefined) waitsMs.push(endedMs - since);
const result: VariantResult = { waitsMs, grants, requests, mostAtATime };
process.stdout.write(JSON.stringify(result), () => process.exit());

/** Takes the lock again as soon as it has given it back. */
async function contend(number: number): Promise<void> {
  while (performance.now() < endsAtMs) {
    const since = performance.now();
    waitingSince[number] = since;
    const release = await (take as NonNullable<typeof take>)();
    waitingSince[number] = undefined;
    waitsMs.push(performance.now() - since);
    grants[number] = (grants[number] ?? 0) + 1;
    now += 1;
    mostAtATime = Math.max(mostAtATime, now);
    await pause(settings.holdMs);
    now -= 1;
    await release();
  }
}
