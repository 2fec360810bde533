/** One invocation whose handler never ends, in a process of its own. Says when the handler has been entered. */
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { lambdaContext } from '../../test/support/events.ts';
import { guardedJob, type JobSettings } from './guarded-job.ts';

/** What run.ts hands over. */
export interface VictimSettings extends Omit<JobSettings, 'client'> {
  readonly endpoint: string;
  readonly key: string;
  readonly timeoutMs: number;
}

// Written by run.ts.
const { endpoint, key, timeoutMs, ...settings } = JSON.parse(process.env['VICTIM'] ?? '') as VictimSettings;
const job = guardedJob({ ...settings, client: createEngineClient(endpoint) }, async () => {
  process.stdout.write(`${process.pid}\n`);
  // Held by a timer, so that the process lives: an unfinished promise alone would not keep it.
  await new Promise((resolve) => setTimeout(resolve, timeoutMs));
});
await job(key, lambdaContext(timeoutMs));
