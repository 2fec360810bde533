/** What went wrong, concluded from the steps by the same rules for every contender. */
import type { Lab, Step } from './lab.ts';

export const FAULTS = {
  'duplicate run': 'the handler ran more often than the scenario allows',
  'lock deleted': 'the record of an attempt that was still running was gone',
  'result deleted': 'a recorded result was gone before its retention was over',
  'result overwritten': 'a recorded result was replaced by that of another run',
  'different results': 'callers with the same key and payload were given the results of different runs',
  'wrong result': 'a request that had to be refused was given the result of another',
  'changed result': 'a replay was not equal to the first answer, as JSON',
  'result not kept': 'a replay told that the operation took effect, but not with which result',
  'error for finished work': 'the handler finished, and its caller was given an error of the library',
  "handler's error hidden":
    'the handler failed, and its caller was given an error of the library in its place',
  'request refused': 'a first request was refused although nothing stood against it',
  'stuck key': 'a retry was refused although no attempt was running, and is until the lock has run out',
} as const;
export type Fault = keyof typeof FAULTS;

export function faultsOf({ steps, runs }: Pick<Lab, 'steps' | 'runs'>, runsAllowed: number): Fault[] {
  const found = new Set<Fault>();
  if (runs > runsAllowed) found.add('duplicate run');
  for (const fault of [...recordFaults(steps), ...resultFaults(steps), ...refusalFaults(steps)]) {
    found.add(fault);
  }
  // In the order in which they are listed above: worst first.
  return (Object.keys(FAULTS) as Fault[]).filter((fault) => found.has(fault)); // Its keys are the faults.
}

function* recordFaults(steps: readonly Step[]): Generator<Fault> {
  let recorded: number | undefined;
  let isCompleted = false;
  for (const { record, stillRunning } of steps) {
    if (isCompleted && record?.status !== 'COMPLETED') yield 'result deleted';
    else if (isCompleted && record?.run !== recorded) yield 'result overwritten';
    if (!isCompleted && record === undefined && stillRunning.length > 0) yield 'lock deleted';
    isCompleted = record?.status === 'COMPLETED';
    recorded = record?.run;
  }
}

function* resultFaults(steps: readonly Step[]): Generator<Fault> {
  const digestOfRun = new Map<number, string>();
  for (const { answer, must, ownRun } of steps) {
    if (answer?.kind !== 'result') continue;
    if (must === 'refusal' && ownRun === undefined) yield 'wrong result';
    if (!answer.kept) yield 'result not kept';
    if (answer.run === undefined) continue;
    const first = digestOfRun.get(answer.run);
    if (first !== undefined && first !== answer.digest) yield 'changed result';
    digestOfRun.set(answer.run, answer.digest);
  }
  if (digestOfRun.size > 1) yield 'different results';
}

function* refusalFaults(steps: readonly Step[]): Generator<Fault> {
  for (const { answer, must, ownRun, isRetry } of steps) {
    if (must === 'failure' && answer?.kind !== 'failed') yield "handler's error hidden";
    if (must !== 'result' || answer === undefined || answer.kind === 'result') continue;
    if (ownRun !== undefined) yield 'error for finished work';
    else yield isRetry ? 'stuck key' : 'request refused';
  }
}
