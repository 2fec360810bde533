/**
 * The table: what a fault at a place comes to. Faults differ in kind (see `fault.ts`), but what they come to depends
 * only on whether the SDK's retries get past them, and, if not, on whether the engine had applied the write.
 */
import { FAULTS, type Fault } from './fault.ts';
import type { StoreOperation } from './store-operation.ts';

/** What the caller got: the status, and what tells answers of the same status apart. */
export type Answer =
  | '201'
  | '200 replayed'
  | '200 replayed RESULT_NOT_RECORDED'
  | '409 IN_PROGRESS'
  | '409 OUTCOME_UNKNOWN'
  | '503 STORE_UNAVAILABLE'
  | "the handler's error";

/** `status attempt`, or that there is no record. */
export type RecordLeft = 'none' | `${'INPROGRESS' | 'COMPLETED'} ${number}`;

export interface Outcome {
  /** Answer to the request that met the fault. */
  readonly answer: Answer;
  /** How often the handler ran for it. */
  readonly runs: number;
  readonly record: RecordLeft;
  /** When the fault is over, the client sends the same key again: at once, and after the lease. */
  readonly retryAtOnce: Answer;
  readonly retryAfterLease: Answer;
  /** How often the handler ran in all. */
  readonly runsInAll: number;
  readonly recordInTheEnd: RecordLeft;
}

export type Persistence = 'overcome by a retry' | 'lasting, not applied' | 'lasting, applied';

/** What a fault that strikes every try comes to. */
export function comesToIfLasting(fault: Fault): Persistence {
  // A delay within the time-out is no fault, however often.
  if (fault === 'reply delayed') return 'overcome by a retry';
  return FAULTS[fault].applied ? 'lasting, applied' : 'lasting, not applied';
}

function outcome(
  [answer, runs, record]: readonly [Answer, number, RecordLeft],
  [retryAtOnce, retryAfterLease]: readonly [Answer, Answer],
  [runsInAll, recordInTheEnd]: readonly [number, RecordLeft],
): Outcome {
  return { answer, runs, record, retryAtOnce, retryAfterLease, runsInAll, recordInTheEnd };
}

const NOT_KEPT = '200 replayed RESULT_NOT_RECORDED';

/**
 * The situation at each place: `acquire`, a key that is new; `takeOver`, a lapsed lease of attempt 1; `complete`, a
 * handler that has succeeded; `recordStep`, one that begins with a step; `renew`, one that fails behind it the first time
 * and gives its key back with the step; `commit`, one that has left a write to the transaction; `putCompleted`, the same
 * without a lock; `writeChunk`, one whose answer is large; `release`, a handler that fails the first time; `read`, a
 * completed key on an engine that does not return the old item; `readChunk`, one whose answer is large.
 */
export const EXPECTED_OUTCOMES: Readonly<Record<StoreOperation, Readonly<Record<Persistence, Outcome>>>> = {
  // biome-ignore format: a table
  acquire: {
    'overcome by a retry':  outcome(['201', 1, 'COMPLETED 1'],                    ['200 replayed', '200 replayed'],    [1, 'COMPLETED 1']),
    'lasting, not applied': outcome(['503 STORE_UNAVAILABLE', 0, 'none'],         ['201', '200 replayed'],             [1, 'COMPLETED 1']),
    // Nobody but the attempt itself may remove its lock, and it cannot know that there is one.
    'lasting, applied':     outcome(['503 STORE_UNAVAILABLE', 0, 'INPROGRESS 1'], ['409 IN_PROGRESS', '201'],          [1, 'COMPLETED 2']),
  },
  // biome-ignore format: a table
  takeOver: {
    'overcome by a retry':  outcome(['201', 1, 'COMPLETED 2'],                    ['200 replayed', '200 replayed'],    [1, 'COMPLETED 2']),
    'lasting, not applied': outcome(['503 STORE_UNAVAILABLE', 0, 'INPROGRESS 1'], ['201', '200 replayed'],             [1, 'COMPLETED 2']),
    'lasting, applied':     outcome(['503 STORE_UNAVAILABLE', 0, 'INPROGRESS 2'], ['409 IN_PROGRESS', '201'],          [1, 'COMPLETED 3']),
  },
  // biome-ignore format: a table
  writeChunk: {
    'overcome by a retry':  outcome(['201', 1, 'COMPLETED 1'],                    ['200 replayed', '200 replayed'],    [1, 'COMPLETED 1']),
    // The key is consumed without the answer, rather than left to be run again.
    'lasting, not applied': outcome(['201', 1, 'COMPLETED 1'],                    [NOT_KEPT, NOT_KEPT],                [1, 'COMPLETED 1']),
    'lasting, applied':     outcome(['201', 1, 'COMPLETED 1'],                    [NOT_KEPT, NOT_KEPT],                [1, 'COMPLETED 1']),
  },
  // biome-ignore format: a table
  recordStep: {
    'overcome by a retry':  outcome(['201', 1, 'COMPLETED 1'],                    ['200 replayed', '200 replayed'],    [1, 'COMPLETED 1']),
    // The step has had its effect, and only the record could tell: the handler goes no further, and the key is in doubt.
    'lasting, not applied': outcome(['503 STORE_UNAVAILABLE', 1, 'INPROGRESS 1'], ['409 IN_PROGRESS', '201'],          [2, 'COMPLETED 2']),
    'lasting, applied':     outcome(['503 STORE_UNAVAILABLE', 1, 'INPROGRESS 1'], ['409 IN_PROGRESS', '201'],          [2, 'COMPLETED 2']),
  },
  // biome-ignore format: a table
  renew: {
    'overcome by a retry':  outcome(["the handler's error", 1, 'INPROGRESS 1'],   ['201', '200 replayed'],             [2, 'COMPLETED 2']),
    'lasting, not applied': outcome(["the handler's error", 1, 'INPROGRESS 1'],   ['409 IN_PROGRESS', '201'],          [2, 'COMPLETED 2']),
    'lasting, applied':     outcome(["the handler's error", 1, 'INPROGRESS 1'],   ['201', '200 replayed'],             [2, 'COMPLETED 2']),
  },
  // biome-ignore format: a table
  complete: {
    'overcome by a retry':  outcome(['201', 1, 'COMPLETED 1'],                    ['200 replayed', '200 replayed'],    [1, 'COMPLETED 1']),
    // The outcome is unknown to everybody but the caller who has it: after the lease, `onUncertain` decides.
    'lasting, not applied': outcome(['201', 1, 'INPROGRESS 1'],                   ['409 IN_PROGRESS', '201'],          [2, 'COMPLETED 2']),
    'lasting, applied':     outcome(['201', 1, 'COMPLETED 1'],                    ['200 replayed', '200 replayed'],    [1, 'COMPLETED 1']),
  },
  // biome-ignore format: a table
  commit: {
    'overcome by a retry':  outcome(['201', 1, 'COMPLETED 1'],                    ['200 replayed', '200 replayed'],    [1, 'COMPLETED 1']),
    // Giving the key back settles what happened: that it is gone proves that nothing was written, nor ever will be ...
    'lasting, not applied': outcome(['503 STORE_UNAVAILABLE', 1, 'none'],         ['201', '200 replayed'],             [2, 'COMPLETED 1']),
    // ... and that it cannot be given back, because it is consumed, proves that everything was.
    'lasting, applied':     outcome(['201', 1, 'COMPLETED 1'],                    ['200 replayed', '200 replayed'],    [1, 'COMPLETED 1']),
  },
  // Without a lock, every duplicate runs the handler; what counts is how often its write was applied.
  // biome-ignore format: a table
  putCompleted: {
    'overcome by a retry':  outcome(['201', 1, 'COMPLETED 1'],                    ['200 replayed', '200 replayed'],    [3, 'COMPLETED 1']),
    'lasting, not applied': outcome(['503 STORE_UNAVAILABLE', 1, 'none'],         ['201', '200 replayed'],             [3, 'COMPLETED 1']),
    'lasting, applied':     outcome(['201', 1, 'COMPLETED 1'],                    ['200 replayed', '200 replayed'],    [3, 'COMPLETED 1']),
  },
  // biome-ignore format: a table
  release: {
    'overcome by a retry':  outcome(["the handler's error", 1, 'none'],           ['201', '200 replayed'],             [2, 'COMPLETED 1']),
    'lasting, not applied': outcome(["the handler's error", 1, 'INPROGRESS 1'],   ['409 IN_PROGRESS', '201'],          [2, 'COMPLETED 2']),
    'lasting, applied':     outcome(["the handler's error", 1, 'none'],           ['201', '200 replayed'],             [2, 'COMPLETED 1']),
  },
  // biome-ignore format: a table
  read: {
    'overcome by a retry':  outcome(['200 replayed', 0, 'COMPLETED 1'],           ['200 replayed', '200 replayed'],    [0, 'COMPLETED 1']),
    'lasting, not applied': outcome(['503 STORE_UNAVAILABLE', 0, 'COMPLETED 1'],  ['200 replayed', '200 replayed'],    [0, 'COMPLETED 1']),
    'lasting, applied':     outcome(['503 STORE_UNAVAILABLE', 0, 'COMPLETED 1'],  ['200 replayed', '200 replayed'],    [0, 'COMPLETED 1']),
  },
  // biome-ignore format: a table
  readChunk: {
    'overcome by a retry':  outcome(['200 replayed', 0, 'COMPLETED 1'],           ['200 replayed', '200 replayed'],    [0, 'COMPLETED 1']),
    'lasting, not applied': outcome(['503 STORE_UNAVAILABLE', 0, 'COMPLETED 1'],  ['200 replayed', '200 replayed'],    [0, 'COMPLETED 1']),
    'lasting, applied':     outcome(['503 STORE_UNAVAILABLE', 0, 'COMPLETED 1'],  ['200 replayed', '200 replayed'],    [0, 'COMPLETED 1']),
  },
};
