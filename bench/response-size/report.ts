import { markdownTable, median } from '../tables.ts';
import { KINDS, type Kind } from './answers.ts';
import { CONTENDERS, type Consumption, type Contender, type Figures } from './figures.ts';

const TITLES: Readonly<Record<Kind, string>> = {
  cart: 'The JSON of a cart',
  picture: 'A picture in base64, which hardly compresses',
};

const NAMES: Readonly<Record<Contender, string>> = {
  'lambda-idempotency': 'lambda-idempotency',
  'one string': 'JSON as one string',
  powertools: 'Powertools 2.35.0',
};

/** US East in 2026, on demand: a million write request units cost as much as five million read request units. */
const READ_UNIT_IN_WRITE_UNITS = 0.2;

/** Units do not differ from round to round, and CPU times are medians. */
function overRounds(
  rounds: readonly (readonly Figures[])[],
  contender: Contender,
  kind: Kind,
  bytes: number,
) {
  const same = rounds
    .flat()
    .filter((row) => row.contender === contender && row.kind === kind && row.bytes === bytes);
  const [first] = same;
  if (first === undefined) throw new Error(`No figures of ${contender}, ${kind}, ${bytes}.`);
  const units = new Set(
    same.map(({ firstRun, duplicate }) => JSON.stringify([unitsOf(firstRun), unitsOf(duplicate)])),
  );
  if (units.size > 1) throw new Error(`The units of ${contender}, ${kind}, ${bytes} differ between rounds.`);
  return {
    ...first,
    firstRunCpuMs: median(same.map(({ firstRun }) => firstRun.cpuMs)),
    duplicateCpuMs: median(same.map(({ duplicate }) => duplicate.cpuMs)),
  };
}

function unitsOf({ requests, writeUnits, readUnits }: Consumption): readonly number[] {
  return [requests, writeUnits, readUnits];
}

export function responseSizeMarkdown(engine: string, rounds: readonly (readonly Figures[])[]): string {
  const parts = [
    '# What a recorded answer costs, by its size',
    'Printed by `npm run bench:response-size` (see `bench/response-size/`); not edited by hand.',
    `Node ${process.version}; engine: ${engine}; ${rounds.length} rounds.`,
    'Sizes are those of the JSON that Lambda sends. Units are those that the engine reports (`ReturnConsumedCapacity`), but for refused writes, of which no engine reports any: DynamoDB bills them by the size of the record, as it bills the completing write ("DynamoDB read and write operations", DynamoDB Developer Guide). "not kept": the key is consumed, and replays say so without the body. "fails": the caller gets an error for work that is done, and a retry runs again.',
  ];
  const sizes = [...new Set(rounds.flat().map(({ bytes }) => bytes))];
  for (const kind of KINDS) {
    const rows = sizes.map((bytes) => ({
      size: sizeName(bytes),
      of: (contender: Contender) => overRounds(rounds, contender, kind, bytes),
    }));
    const contenders = CONTENDERS.map((contender) => NAMES[contender]);
    parts.push(
      `## ${TITLES[kind]}`,
      'A first run: requests, and write units in all.',
      markdownTable(
        ['JSON', ...contenders],
        rows.map(({ size, of }) => [size, ...CONTENDERS.map((contender) => firstRunCell(of(contender)))]),
      ),
      `A duplicate: requests, write units (of the refused put, by the rule) and read units; and all of it in write units, of which a read unit costs ${READ_UNIT_IN_WRITE_UNITS}.`,
      markdownTable(
        ['JSON', ...contenders],
        rows.map(({ size, of }) => [size, ...CONTENDERS.map((contender) => duplicateCell(of(contender)))]),
      ),
      'CPU time of an invocation, SDK and Middy included: milliseconds of this library, and as a multiple of the others in the same run.',
      markdownTable(
        [
          'JSON',
          'first run',
          'of one string',
          'of Powertools',
          'duplicate',
          'of one string',
          'of Powertools',
        ],
        rows.map(({ size, of }) => {
          const [ours, oneString, powertools] = CONTENDERS.map(of) as [Row, Row, Row]; // One for each contender.
          return [
            size,
            ours.firstRunCpuMs.toFixed(2),
            ratio(ours, oneString, 'firstRunCpuMs'),
            ratio(ours, powertools, 'firstRunCpuMs'),
            ours.duplicateCpuMs.toFixed(2),
            ratio(ours, oneString, 'duplicateCpuMs'),
            ratio(ours, powertools, 'duplicateCpuMs'),
          ];
        }),
      ),
    );
  }
  return parts.join('\n\n');
}

type Row = ReturnType<typeof overRounds>;

function firstRunCell({ replay, firstRun }: Row): string {
  if (replay === 'fails') return 'fails';
  return `${firstRun.requests}, **${firstRun.writeUnits}**${replay === 'whole' ? '' : ` (${replay})`}`;
}

function duplicateCell({ replay, firstRun, duplicate }: Row): string {
  if (replay === 'fails') return 'fails';
  const inAll = firstRun.recordUnits + duplicate.readUnits * READ_UNIT_IN_WRITE_UNITS;
  return `${duplicate.requests}, ${firstRun.recordUnits} and ${duplicate.readUnits}: **${Math.round(inAll)}**`;
}

function ratio(ours: Row, other: Row, member: 'firstRunCpuMs' | 'duplicateCpuMs'): string {
  return other.replay === 'whole' ? (ours[member] / other[member]).toFixed(2) : other.replay;
}

function sizeName(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes / 1024} KB` : `${bytes / 1024 / 1024} MB`;
}
