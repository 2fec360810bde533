import { argumentsOrExit, oneOf, wholeNumber } from '../support/run-arguments.ts';
import { CONTENDERS, type Contender, FRONT_DOORS, type FrontDoor } from './contenders.ts';
import { MUTANTS } from './mutants.ts';
import { ENGINES, type EngineName } from './open-engine.ts';
import { RECORD_STORES, type RecordStoreName } from './record-stores.ts';

export interface CommandLine {
  readonly operations: number;
  readonly kills: number;
  readonly stops: number;
  readonly seed: number;
  readonly workers: number;
  readonly frontDoors: readonly FrontDoor[];
  readonly engine: EngineName;
  readonly store: RecordStoreName;
  readonly contenders: readonly Contender[];
  readonly mutantName: string | undefined;
  readonly json: boolean;
}

const USAGE = `Kills and freezes real worker processes while clients send and retry, and counts what is left.

Usage: npm run chaos -- [options]
  --operations N    operations, each with a key of its own (default 2000)
  --kills N         SIGKILLs (default 100)
  --stops N         SIGSTOPs, more than half of them longer than a lease (default 70)
  --seed S          of the plan: operations, strikes, choices (default 1)
  --workers N       worker processes, at least 2 (default 6)
  --front-door NAME ${FRONT_DOORS.join(' or ')} for all workers (default: half of them each)
  --engine NAME     ${ENGINES.join(' or ')} (default embedded: the first that npm start would find)
  --store NAME      ${RECORD_STORES.join(' or ')}, where the records lie, lean being DynamoDB without the SDK
                    (default dynamodb; the rows always lie there)
  --contender NAME  ${CONTENDERS.join(' or ')} (default ${CONTENDERS[0]})
  --compare         both contenders, one after the other, without onUncertain 'block'; a table
  --mutant NAME     breaks the protocol on purpose, to see what is found:
${MUTANTS.map(({ name }) => `                      ${name}`).join('\n')}
  --json            the result as JSON on standard output
  --help            this text

Ends with 0 if every promise was kept, with 1 and the history of a key if one was broken (with --compare: by
lambda-idempotency) or if the run was too tame to count, with 2 on wrong arguments.`;

const OPTIONS = {
  operations: { type: 'string', default: '2000' },
  kills: { type: 'string', default: '100' },
  stops: { type: 'string', default: '70' },
  seed: { type: 'string', default: '1' },
  workers: { type: 'string', default: '6' },
  'front-door': { type: 'string' },
  engine: { type: 'string', default: ENGINES[0] },
  store: { type: 'string', default: RECORD_STORES[0] },
  contender: { type: 'string' },
  compare: { type: 'boolean', default: false },
  mutant: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** The end of the process where an argument is wrong, or help was asked for. */
export function readCommandLine(): CommandLine {
  return argumentsOrExit(USAGE, OPTIONS, (values) => {
    const { compare, contender, mutant, 'front-door': frontDoor } = values;
    const mutantName =
      mutant === undefined
        ? undefined
        : oneOf(
            'mutant',
            mutant,
            MUTANTS.map(({ name }) => name),
          );
    if (compare && (contender !== undefined || mutant !== undefined)) {
      throw new Error('--compare runs both contenders as they are: leave out --contender and --mutant.');
    }
    const only = oneOf('contender', contender ?? CONTENDERS[0], CONTENDERS);
    if (mutant !== undefined && only !== CONTENDERS[0])
      throw new Error(`--mutant breaks ${CONTENDERS[0]} only.`);
    const store = oneOf('store', values.store, RECORD_STORES);
    if (store !== RECORD_STORES[0] && (compare || only !== CONTENDERS[0] || mutant !== undefined)) {
      throw new Error(
        `--store ${store} runs ${CONTENDERS[0]} as it is: leave out --compare, --contender and --mutant.`,
      );
    }
    return {
      operations: wholeNumber('operations', values.operations, 1),
      kills: wholeNumber('kills', values.kills, 0),
      stops: wholeNumber('stops', values.stops, 0),
      seed: wholeNumber('seed', values.seed, 0),
      workers: wholeNumber('workers', values.workers, 2),
      frontDoors: frontDoor === undefined ? FRONT_DOORS : [oneOf('front-door', frontDoor, FRONT_DOORS)],
      engine: oneOf('engine', values.engine, ENGINES),
      store,
      contenders: compare ? CONTENDERS : [only],
      mutantName,
      json: values.json,
    };
  });
}
