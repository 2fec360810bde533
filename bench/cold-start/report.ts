import { byRound, medianRatio, over } from '../by-round.ts';
import { markdownTable, median } from '../tables.ts';
import { type Target, targetsMarkdown } from '../targets.ts';

export const FUNCTION_NAMES = [
  'empty',
  'sdk',
  'middleware',
  'wrapper',
  'lean',
  'lean-middleware',
  'powertools',
] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

const TITLES: Readonly<Record<FunctionName, string>> = {
  empty: 'an empty function',
  sdk: 'SDK client and four commands',
  middleware: 'lambda-idempotency, Middy',
  wrapper: 'lambda-idempotency, wrapper',
  lean: 'lean, wrapper',
  'lean-middleware': 'lean, Middy',
  powertools: 'Powertools, Middy',
};

export interface Bundle {
  readonly name: FunctionName;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly byPackage: Readonly<Record<string, number>>;
}

export interface Start {
  readonly node: string;
  readonly round: number;
  readonly name: FunctionName;
  /** From the start of the process. */
  readonly readyMs: number;
  readonly answeredMs: number;
}

export interface ColdStartRun {
  readonly engine: string;
  readonly rounds: number;
  readonly bundles: readonly Bundle[];
  readonly starts: readonly Start[];
}

export function coldStartMarkdown({ engine, rounds, bundles, starts }: ColdStartRun): string {
  const nodes = [...new Set(starts.map(({ node }) => node))];
  return [
    markdownTable(['bundle', 'KB', 'gzip KB', 'of what, in KB'], bundles.map(bundleRow)),
    `Milliseconds from the start of the process until the handler is there, and until the first request has its answer from ${engine}; medians of ${rounds} starts. "over empty" is what the bundle adds to Node itself.`,
    markdownTable(
      ['Node', 'function', 'ready', 'over empty', 'answered', 'over empty'],
      nodes.flatMap((node) =>
        FUNCTION_NAMES.map((name) => {
          const own = starts.filter((start) => start.node === node && start.name === name);
          return [
            node,
            TITLES[name],
            median(own.map(({ readyMs }) => readyMs)).toFixed(1),
            median(overEmpty(starts, node, name, 'readyMs')).toFixed(1),
            median(own.map(({ answeredMs }) => answeredMs)).toFixed(1),
            median(overEmpty(starts, node, name, 'answeredMs')).toFixed(1),
          ];
        }),
      ),
    ),
    'Ratios of times are of "ready, over empty", within a round.',
    targetsMarkdown([...sizeTargets(bundles), ...nodes.flatMap((node) => timeTargets(starts, node))]),
  ].join('\n\n');
}

const kilobytes = (bytes: number) => (bytes / 1024).toFixed(1);

function bundleRow({ name, bytes, gzipBytes, byPackage }: Bundle): string[] {
  const parts = Object.entries(byPackage)
    .toSorted(([, a], [, b]) => b - a)
    .map(([of, size]) => `${of} ${kilobytes(size)}`);
  return [TITLES[name], kilobytes(bytes), kilobytes(gzipBytes), parts.join(', ')];
}

function sizeTargets(bundles: readonly Bundle[]): Target[] {
  const bytesOf = (name: FunctionName) => bundles.find((one) => one.name === name)?.bytes ?? Number.NaN;
  const target = (name: FunctionName, atMost: number) => ({
    what: `bundle of ${TITLES[name]}, of the SDK's`,
    atMost,
    measured: bytesOf(name) / bytesOf('sdk'),
  });
  return [
    target('middleware', 1.08),
    target('wrapper', 1.08),
    target('lean', 0.4),
    target('lean-middleware', 0.4),
  ];
}

function timeTargets(starts: readonly Start[], node: string): Target[] {
  const target = (name: FunctionName, floor: FunctionName, atMost: number) => ({
    what: `Node ${node}: start of ${TITLES[name]}, of ${TITLES[floor]}`,
    atMost,
    measured: medianRatio(
      overEmpty(starts, node, name, 'readyMs'),
      overEmpty(starts, node, floor, 'readyMs'),
    ),
  });
  return [
    target('middleware', 'powertools', 1),
    target('middleware', 'sdk', 1.1),
    target('wrapper', 'sdk', 1.1),
    target('lean', 'sdk', 0.4),
  ];
}

function overEmpty(
  starts: readonly Start[],
  node: string,
  name: FunctionName,
  until: 'readyMs' | 'answeredMs',
): number[] {
  const of = (one: FunctionName) =>
    byRound(
      starts.filter((start) => start.node === node && start.name === one),
      (start) => start[until],
    );
  return over(of(name), of('empty'));
}
