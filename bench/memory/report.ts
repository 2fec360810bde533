import type { SubjectName } from '../subjects.ts';
import { markdownTable, median } from '../tables.ts';
import { targetsMarkdown } from '../targets.ts';

export const SUBJECTS = [
  'bare',
  'lambda-idempotency',
  'powertools',
] as const satisfies readonly SubjectName[];

export interface Sample {
  readonly seconds: number;
  /** After a collection of garbage. */
  readonly heapKb: number;
  readonly rssKb: number;
}

export interface Growth {
  readonly round: number;
  readonly name: (typeof SUBJECTS)[number];
  readonly cache: boolean;
  readonly heapKb: number;
  readonly rssKb: number;
}

export interface MemoryRun {
  readonly rounds: number;
  readonly invocations: number;
  readonly growth: readonly Growth[];
  readonly soakMinutes: number;
  readonly soak: readonly Sample[];
}

/** The heap is flat where the last third's median is not above the middle third's by more than this. */
const FLAT_WITHIN = 1.02;

export function memoryMarkdown({ rounds, invocations, growth, soakMinutes, soak }: MemoryRun): string {
  const variants = SUBJECTS.flatMap((name) => [false, true].map((cache) => ({ name, cache })));
  const rows = variants.map(({ name, cache }) => {
    const own = growth.filter((row) => row.name === name && row.cache === cache);
    return [
      name,
      cache ? 'on' : 'off',
      median(own.map(({ heapKb }) => heapKb)).toFixed(0),
      median(own.map(({ rssKb }) => rssKb)).toFixed(0),
    ];
  });
  const third = Math.floor(soak.length / 3);
  const heapOf = (samples: readonly Sample[]) => median(samples.map(({ heapKb }) => heapKb));
  const last = heapOf(soak.slice(2 * third));
  const middle = heapOf(soak.slice(third, 2 * third));
  return [
    `Growth in KB over ${invocations} warm invocations, each a first run with a key of its own, over a client that answers at once; medians of ${rounds} rounds. A cache that is on is to grow up to its bound.`,
    markdownTable(['variant', 'cache', 'heap after collection', 'resident'], rows),
    `Soak: ${soakMinutes} minutes at a constant rate over an engine, sampled every 10 s after a collection: ${soak.length} samples. Of the last two thirds, medians of the heap ${middle.toFixed(0)} and ${last.toFixed(0)} KB, slope of the fitted line ${slopeKbPerMinute(soak.slice(third)).toFixed(1)} KB a minute.`,
    targetsMarkdown([
      {
        what: 'soak: heap of the last third, of the middle third',
        atMost: FLAT_WITHIN,
        measured: third > 0 ? last / middle : undefined,
      },
    ]),
  ].join('\n\n');
}

/** Least squares. */
export function slopeKbPerMinute(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((total, sample) => total + of(sample), 0) / samples.length;
  const [meanSeconds, meanHeap] = [mean(({ seconds }) => seconds), mean(({ heapKb }) => heapKb)];
  const spread = mean(({ seconds }) => (seconds - meanSeconds) ** 2);
  const together = mean(({ seconds, heapKb }) => (seconds - meanSeconds) * (heapKb - meanHeap));
  return (together / spread) * 60;
}
