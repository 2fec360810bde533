import { KINDS, type Kind } from '../response-size/answers.ts';
import { markdownTable, median } from '../tables.ts';
import type { CodecFigures, Figures, PlaceFigures } from './variant.ts';

export interface NodeFigures {
  readonly path: string;
  readonly version: string;
  readonly rounds: Figures[];
}

const TITLES: Readonly<Record<Kind, string>> = {
  cart: 'The JSON of a cart',
  picture: 'A picture in base64',
};

/** Figures of the same thing in all rounds, as one of medians. */
function overRounds<T>(rounds: readonly (readonly T[])[], mediansOf: (same: T[]) => T): T[] {
  return (rounds[0] ?? []).map((_, index) => mediansOf(rounds.flatMap((round) => round[index] ?? [])));
}

function codecMedians(same: CodecFigures[]): CodecFigures {
  return {
    ...(same[0] as CodecFigures), // There is one for every round, and one round at least.
    compressMs: median(same.map(({ compressMs }) => compressMs)),
    decompressMs: median(same.map(({ decompressMs }) => decompressMs)),
  };
}

function placeMedians(same: PlaceFigures[]): PlaceFigures {
  return {
    ...(same[0] as PlaceFigures), // As above.
    latencyMs: median(same.map(({ latencyMs }) => latencyMs)),
    cpuMs: median(same.map(({ cpuMs }) => cpuMs)),
    heldMs: median(same.map(({ heldMs }) => heldMs)),
  };
}

export function codecsMarkdown(nodes: readonly NodeFigures[], read: number): string {
  const parts = [
    '# What compressing a recorded answer saves and costs',
    'Printed by `npm run bench:codecs` (see `bench/codecs/`); not edited by hand.',
    `Each cell: bytes that are left, in per cent; then milliseconds of CPU to compress and to decompress, medians of ${nodes[0]?.rounds.length} rounds. They compare within a run; on another machine all are others. What each of these Nodes compresses as the library does, each of them has read: ${read} records.`,
  ];
  for (const { version, rounds } of nodes) {
    parts.push(`## Node ${version}`);
    const codecs = overRounds(
      rounds.map((round) => round.codecs),
      codecMedians,
    );
    for (const kind of KINDS)
      parts.push(`${TITLES[kind]}:`, codecTable(codecs.filter((row) => row.kind === kind)));
    const places = overRounds(
      rounds.map((round) => round.places),
      placeMedians,
    );
    parts.push(
      'Brotli 1 of the cart in place, and on the thread pool: milliseconds until it is done (the least), of CPU on all threads, and with the event loop held (the least):',
      placeTable(places.filter((row) => row.kind === 'cart')),
    );
  }
  return parts.join('\n\n');
}

function codecTable(rows: readonly CodecFigures[]): string {
  const codecs = [...new Set(rows.map(({ codec }) => codec))];
  const sizes = [...new Set(rows.map(({ bytes }) => bytes))];
  return markdownTable(
    ['JSON bytes', ...codecs],
    sizes.map((bytes) => [
      String(bytes),
      ...codecs.map((codec) => {
        const row = rows.find((one) => one.bytes === bytes && one.codec === codec);
        if (row === undefined) return '';
        const percent = ((100 * row.compressedBytes) / bytes).toFixed(1);
        return `${percent} %, ${row.compressMs.toFixed(3)}, ${row.decompressMs.toFixed(3)}`;
      }),
    ]),
  );
}

function placeTable(rows: readonly PlaceFigures[]): string {
  const columns = ['compress', 'decompress'].flatMap((work) =>
    ['in place', 'thread pool'].map((place) => ({ work, place })),
  );
  const sizes = [...new Set(rows.map(({ bytes }) => bytes))];
  return markdownTable(
    ['JSON bytes', ...columns.map(({ work, place }) => `${work}, ${place}`)],
    sizes.map((bytes) => [
      String(bytes),
      ...columns.map(({ work, place }) => {
        const row = rows.find((one) => one.bytes === bytes && one.work === work && one.place === place);
        if (row === undefined) return '';
        return [row.latencyMs, row.cpuMs, row.heldMs].map((ms) => ms.toFixed(3)).join(', ');
      }),
    ]),
  );
}
