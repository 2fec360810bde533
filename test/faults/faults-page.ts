/**
 * Writes docs/evidence/faults.md from the very tables that the suites expect, so that the page says what is tested
 * and nothing else. Every row of the tables needs a meaning here: a missing one does not compile.
 */
import { readFileSync } from 'node:fs';
import {
  comesToIfLasting,
  EXPECTED_OUTCOMES,
  type Outcome,
  type Persistence,
  type RecordLeft,
} from './expected-outcomes.ts';
import { canStrike, FAULT_NAMES, FAULTS, type Fault } from './fault.ts';
import { STORE_OPERATIONS, type StoreOperation } from './store-operation.ts';

interface Place {
  readonly request: string;
  readonly situation: string;
  readonly means: Readonly<Record<Persistence, string>>;
}

const PLACES: Readonly<Record<StoreOperation, Place>> = {
  acquire: {
    request: 'the conditional `PutItem` that takes the key',
    situation: 'The key is new.',
    means: {
      'overcome by a retry':
        "The SDK sends the write again. Where the first one had been applied, the second is refused by our own lock, which carries our own owner token: that is the lock, and no one else's. The handler runs once.",
      'lasting, not applied': 'No record, no run. Whoever sends the request again is the first.',
      'lasting, applied':
        'The lock is in the table, but its owner cannot know that, so the handler does not run. Nobody else may remove it: the key is free again when the lease is over.',
    },
  },
  takeOver: {
    request: 'the conditional `UpdateItem` that takes over a lapsed lease',
    situation: 'An earlier attempt ended without telling its outcome, and its lease is over.',
    means: {
      'overcome by a retry':
        'As for acquire: our own lock is known for our own. The handler runs as attempt 2.',
      'lasting, not applied':
        'The lapsed lease of attempt 1 is still there, so the next request takes it over.',
      'lasting, applied':
        'Attempt 2 holds a lease under which nothing runs. When it is over, attempt 3 runs.',
    },
  },
  recordStep: {
    request: 'the conditional `UpdateItem` that records the result of a step',
    situation: 'The handler begins with `context.idempotency.step()`.',
    means: {
      'overcome by a retry': 'The SDK writes the same result again under the same owner. The step ran once.',
      'lasting, not applied':
        'The step has had its effect, and only the record could tell: the handler goes no further, and the key is in doubt. After the lease the step runs again, so hand `deriveKey(name)` to whatever it calls.',
      'lasting, applied':
        'The same to its caller. The next attempt finds the result of the step, and goes on behind it.',
    },
  },
  renew: {
    request:
      'the conditional `UpdateItem` that moves the end of a lease; here to 0, which gives the key back and keeps its steps',
    situation:
      'The handler throws behind a recorded step the first time that it runs, and succeeds the second time.',
    means: {
      'overcome by a retry':
        "The caller gets the handler's own error, and the key is free: the same key runs again at once, behind the step.",
      'lasting, not applied':
        "The caller gets the handler's own error and nothing of the store's. The lock stays until its lease is over.",
      'lasting, applied': 'The key is free, though the attempt cannot know it.',
    },
  },
  writeChunk: {
    request: 'the `PutItem` of a part of a large result, in an item beside the record',
    situation: 'The handler has succeeded with an answer that does not fit into the record.',
    means: {
      'overcome by a retry':
        'The SDK sends the same bytes to the same item again. The completion follows when every part is there.',
      'lasting, not applied':
        'The key is consumed without the answer, rather than left to be run again. The caller has its answer; a duplicate learns that the operation took effect, and that the result was not kept.',
      'lasting, applied':
        'The same: what may not be there is not counted on. The parts that were written belong to no record, and expire.',
    },
  },
  complete: {
    request: 'the conditional `UpdateItem` that records the result',
    situation: 'The handler has succeeded.',
    means: {
      'overcome by a retry':
        'Where the first write had been applied, the second is refused by the completed record, which is our own: that is success.',
      'lasting, not applied':
        "The caller has its answer; the table does not. After the lease the outcome counts as unknown, and the handler runs again: the one row of this page in which an effect may come about twice. With `onUncertain: 'block'` it does not, and the answer is `409 OUTCOME_UNKNOWN`. What a handler does under `context.idempotency.deriveKey(name)` still takes effect once.",
      'lasting, applied':
        'The result is recorded, though the attempt cannot know it. The caller has its answer.',
    },
  },
  commit: {
    request: "the `TransactWriteItems` that completes the record together with the handler's writes",
    situation:
      'The handler has succeeded, and has left a write to `context.idempotency.commit()`. In every row it is applied once, however often the handler has run.',
    means: {
      'overcome by a retry':
        'DynamoDB knows the transaction again by its token, and a conflict has written nothing: the writes are applied once.',
      'lasting, not applied':
        'Giving the key back settles what happened: that it is gone proves that nothing was written, nor ever will be. The caller is told so, and the same key runs again at once.',
      'lasting, applied':
        'That the key cannot be given back, because it is consumed by this very attempt, proves that everything was written. The caller has its answer.',
    },
  },
  putCompleted: {
    request:
      "the `TransactWriteItems` that creates the record, completed, together with the handler's writes",
    situation:
      "With `strategy: 'single-write'` there is no lock: the handler runs for every request, and the write that it has left to `context.idempotency.commit()` is what must not be applied again. In every row it is applied once.",
    means: {
      'overcome by a retry':
        'As for commit. The runs of duplicates are thrown away, and their callers get the recorded answer.',
      'lasting, not applied': 'No record, no write. Whoever sends the request again is the first.',
      'lasting, applied':
        'The record is read, and it is our own: that is success. The caller has its answer.',
    },
  },
  release: {
    request: 'the conditional `DeleteItem` that gives the key back',
    situation: 'The handler throws the first time that it runs, and succeeds the second time.',
    means: {
      'overcome by a retry':
        "The caller gets the handler's own error, and the key is free: the same key runs again at once.",
      'lasting, not applied':
        "The caller gets the handler's own error and nothing of the store's. The lock stays until its lease is over.",
      'lasting, applied': 'The key is free, though the attempt cannot know it.',
    },
  },
  read: {
    request: 'the consistent `GetItem` that looks at the record which a write was refused by',
    situation:
      'The key is completed, and the engine does not return the old item of a refused write. (DynamoDB does; some engines do not, and only with them is there a read at this place.)',
    means: {
      'overcome by a retry': 'The recorded answer is replayed.',
      'lasting, not applied':
        'What was refused by what cannot be told, so nothing runs. The record is untouched, and the next request has its replay.',
      'lasting, applied': 'The same: reading changes nothing, whether or not its reply arrives.',
    },
  },
  readChunk: {
    request: 'the consistent `GetItem` of a part of a large result',
    situation: 'The key is completed, and its answer lies in items beside the record.',
    means: {
      'overcome by a retry': 'The recorded answer is replayed, whole.',
      'lasting, not applied':
        'A part that cannot be read is no reason to run again: the key is consumed, and the next request has its replay.',
      'lasting, applied': 'The same: reading changes nothing.',
    },
  },
};

const PERSISTENCES: readonly Persistence[] = [
  'overcome by a retry',
  'lasting, not applied',
  'lasting, applied',
];

/** Late deliveries are sentences and not rows: what they come to depends on when they come. */
const IN_TABLE: readonly Fault[] = FAULT_NAMES.filter(
  (fault) => fault !== 'request stuck, and delivered late',
);

export function faultsPage(): string {
  return `${[
    '# What a fault between the function and DynamoDB comes to',
    '',
    'Printed by `npm run evidence:faults` from the tables that the suites in `test/faults/` expect; not edited by hand. A test compares the two, and the suites compare the tables with what happens: on the embedded engine (`npm run test:all`) and on DynamoDB Local (`npm run test:dynamodb-local`), through the SDK with its own three tries, for a handler under `idempotent()` and one under `idempotency()`.',
    '',
    '## The faults',
    '',
    'Each is made on the wire, between the SDK and the engine, and is looked at from a bare socket by `fault-proxy.test.ts`.',
    '',
    ...table([
      ['Fault', 'What happens', 'Has the engine applied the request?'],
      ...FAULT_NAMES.map((fault) => [fault, FAULTS[fault].what, FAULTS[fault].applied ? 'yes' : 'no']),
    ]),
    '',
    'Whatever the fault, what it comes to depends only on whether one of the tries gets past it and, if none does, on whether the engine has applied the write.',
    '',
    '## How to read the tables',
    '',
    'Each row is one request that meets the fault at the place named. **Answer** is what its caller got, and **runs** how often the handler ran for it; **record left** is the record that was in the table then, with the number of the attempt that holds it. When the fault is over, the client sends the same key **again at once**, and once more **after the lease**. The last two columns say how often the handler ran in all, and which record there was in the end.',
    ...STORE_OPERATIONS.flatMap(sectionOf),
    '',
    '## Faults that meet',
    '',
    ...sentencesOf('combined-faults.test.ts'),
    '',
    '## Writes that are delivered late',
    '',
    'The client has given the request up, and the engine gets it after all.',
    '',
    ...sentencesOf('late-delivery.test.ts'),
    '',
    '## What this page does not show',
    '',
    'Faults at single parts of a large result, and at the reads of a duplicate that waits for the first result, have suites of their own beside those of this page: `large-results.test.ts` and `waiting.test.ts`.',
    '',
    'Faults of the process (a crash between effect and record, a clock that is off, a frozen sandbox) have their own suites: `test/http/crash.test.ts`, `test/simulation/`, and [peer-faults.md](peer-faults.md). DynamoDB itself, in a region, has not been made to fail here.',
  ].join('\n')}\n`;
}

function sectionOf(operation: StoreOperation): string[] {
  const { request, situation, means } = PLACES[operation];
  return [
    '',
    `## At ${operation}: ${request}`,
    '',
    situation,
    '',
    ...table([
      [
        'Fault',
        'Answer',
        'Runs',
        'Record left',
        'Again at once',
        'After the lease',
        'Runs in all',
        'Record in the end',
      ],
      ...PERSISTENCES.map((persistence) => [
        strikesOf(persistence, operation),
        ...cellsOf(EXPECTED_OUTCOMES[operation][persistence]),
      ]),
    ]),
    '',
    ...PERSISTENCES.map((persistence) => `- **${persistence}**: ${means[persistence]}`),
  ];
}

/** Which faults, and how often, the row stands for. */
function strikesOf(persistence: Persistence, operation: StoreOperation): string {
  const lasting = IN_TABLE.filter((fault) => canStrike(fault, operation))
    .filter((fault) => comesToIfLasting(fault) === persistence)
    .join('; ');
  return persistence === 'overcome by a retry'
    ? `**${persistence}**: any of them, at one try; and at every try: ${lasting}`
    : `**${persistence}**: at every try: ${lasting}`;
}

function cellsOf(outcome: Outcome): string[] {
  return [
    outcome.answer,
    String(outcome.runs),
    recordCell(outcome.record),
    outcome.retryAtOnce,
    outcome.retryAfterLease,
    String(outcome.runsInAll),
    recordCell(outcome.recordInTheEnd),
  ];
}

function recordCell(record: RecordLeft): string {
  const [status, attempt] = record.split(' ');
  return attempt === undefined ? record : `${status}, attempt ${attempt}`;
}

/**
 * The tests of a suite as they are named there: `describe` and `test` make one sentence together. What runs once for each client
 * is told once.
 */
function sentencesOf(file: string): string[] {
  const source = readFileSync(new URL(file, import.meta.url), 'utf8');
  const titles = [
    ...source.matchAll(/^ *(describe|test)(?:\.concurrent|\.each\(CLIENTS\))?\(\s*(['"])(.*?)\2,/gm),
  ];
  const calls = source.match(/\b(?:describe|test)(?:\.\w+)*\(/g) ?? [];
  if (titles.length !== calls.length) throw new Error(`${file} has a title that cannot be read here.`);
  let subject = '';
  const sentences: string[] = [];
  for (const [, call, , title = ''] of titles) {
    if (title === 'through %s,') continue;
    if (call === 'describe') subject = title;
    else sentences.push(`- ${subject} ${title}.`.replace(/^- ./, (start) => start.toUpperCase()));
  }
  return sentences;
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}
