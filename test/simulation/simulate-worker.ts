/** A process's share of the seeds; see run.ts. */
import { WORLDS, type WorldName } from './worlds.ts';

export interface Share {
  readonly world: WorldName;
  readonly firstSeed: number;
  readonly schedules: number;
  readonly mutantName: string | undefined;
}

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly schedules: number }
  | {
      readonly kind: 'done';
      readonly schedules: number;
      readonly steps: number;
      readonly found: { readonly seed: number; readonly picked: readonly number[] } | undefined;
    };

const { world, ...share } = JSON.parse(process.argv[2] ?? '') as Share; // What run.ts hands over.
const tell = (message: WorkerMessage) => process.send?.(message);
process.on('disconnect', () => process.exit());

// The stacks of errors that the library throws as answers are a good part of the work, and nobody reads them here.
Error.stackTraceLimit = 0;

const result = await WORLDS[world].simulate({
  ...share,
  onProgress: (count) => tell({ kind: 'progress', schedules: count }),
});
const { found } = result;
tell({
  kind: 'done',
  schedules: result.schedules,
  steps: result.steps,
  found: found === undefined ? undefined : { seed: found.seed, picked: found.picked },
});
process.disconnect();
