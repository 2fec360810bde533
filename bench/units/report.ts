import type { Contender, Figures } from '../response-size/figures.ts';
import type { Counts } from '../store-requests/measure.ts';
import { markdownTable } from '../tables.ts';
import { type Target, targetsMarkdown } from '../targets.ts';

export const CONTENDERS = ['lambda-idempotency', 'powertools'] as const satisfies readonly Contender[];

export interface UnitsRun {
  readonly engine: string;
  /** By library, and by outcome. */
  readonly requests: Readonly<Record<string, Counts>>;
  /** By the way in which a handler that puts one row is guarded, and by outcome. */
  readonly writes: Readonly<Record<string, Counts>>;
  readonly sizes: readonly Figures[];
}

/** Of a JSON answer of this size, this library is to take a quarter of the write units. */
const KILOBYTES_OF_TARGET = 16;

export function unitsMarkdown({ engine, requests, writes, sizes }: UnitsRun): string {
  const outcomes = Object.keys(requests['lambda-idempotency'] ?? {});
  const count = (counts: Counts | undefined, outcome: string) => counts?.[outcome]?.length;
  const text = (counts: Counts | undefined, outcome: string) =>
    String(count(counts, outcome) ?? 'not offered');
  const bytes = [...new Set(sizes.map((row) => row.bytes))];
  const kinds = [...new Set(sizes.map(({ kind }) => kind))];
  const requestTarget = (
    counts: Counts | undefined,
    what: string,
    outcome: string,
    atMost: number,
  ): Target => ({
    what: `requests, ${what}`,
    atMost,
    measured: count(counts, outcome) ?? Number.NaN,
  });
  const ours = requests['lambda-idempotency'];
  const single = writes['single write'];
  return [
    `Requests that each outcome sends, counted on the wire; ${engine}.`,
    markdownTable(
      ['outcome', ...CONTENDERS],
      outcomes.map((outcome) => [outcome, ...CONTENDERS.map((name) => text(requests[name], outcome))]),
    ),
    'Requests of a handler that puts one row, its own write included.',
    markdownTable(
      ['guarded by', 'first run', 'duplicate'],
      Object.entries(writes).map(([name, of]) => [name, text(of, 'first run'), text(of, 'duplicate')]),
    ),
    'Write units of a first run, by what is answered, as the engine reports them.',
    markdownTable(
      ['answer', ...CONTENDERS],
      kinds.flatMap((kind) =>
        bytes.map((size) => [
          `${kind}, ${size / 1024} KB`,
          ...CONTENDERS.map((name) => writeUnits(sizes, name, kind, size)?.toString() ?? 'fails'),
        ]),
      ),
    ),
    targetsMarkdown([
      requestTarget(ours, 'first run', 'first run', 2),
      requestTarget(ours, 'duplicate', 'duplicate, completed', 1),
      requestTarget(ours, 'duplicate from the warm cache', 'duplicate, warm cache', 0),
      requestTarget(single, 'first run by single write', 'first run', 1),
      requestTarget(single, 'duplicate by single write', 'duplicate', 1),
      {
        what: `write units of a ${KILOBYTES_OF_TARGET} KB JSON answer, of Powertools'`,
        atMost: 0.25,
        measured: shareOfPowertools(sizes),
      },
    ]),
  ].join('\n\n');
}

function shareOfPowertools(sizes: readonly Figures[]): number {
  const of = (name: Contender) => writeUnits(sizes, name, 'cart', KILOBYTES_OF_TARGET * 1024) ?? Number.NaN;
  return of('lambda-idempotency') / of('powertools');
}

/** Undefined where a retry does not get the answer: units of what does not work are no figure. */
function writeUnits(
  sizes: readonly Figures[],
  contender: Contender,
  kind: Figures['kind'],
  bytes: number,
): number | undefined {
  const row = sizes.find((one) => one.contender === contender && one.kind === kind && one.bytes === bytes);
  return row?.replay === 'whole' ? row.firstRun.writeUnits : undefined;
}
