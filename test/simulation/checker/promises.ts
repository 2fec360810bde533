/** The promises, each with what it says, and the world that they are held against. */
export const INVARIANTS = {
  'one live lease': 'no second attempt runs, or takes over, while the lease of another one lives',
  'only the owner writes': 'nothing but its owner changes a record that counts',
  'completed is final': 'a completed record is changed by nobody, and no handler runs under it',
  'no record, no run': 'a handler runs only while the record names it as the owner',
  'a lost reply is no conflict': 'an attempt is not refused for a lock that is its own',
  'one payload a key': 'a body is never answered with the result of another one, nor takes over its record',
  'answers agree with the record':
    'a replay is the recorded result, and nobody who lost the lease answers otherwise',
  'attempts grow': 'each takeover counts the attempt up by one',
  'effects are bounded':
    "one effect a key with onUncertain 'block'; with 'retry', one more for each doubtful attempt; with a function that finds out, one more for each that came after it was asked",
  'expired counts as absent':
    'what is past its retention is not replayed, whether the table still holds it or not',
  'rows and record agree':
    'what was left to commit is there once and the key consumed, or neither; or a condition did not hold, and the key says so',
  'a long answer is whole':
    'what is kept beside the record is replayed to the last byte, or said to be missing',
  'a recorded step is final':
    'it is not run again, its result stays what it was, and its derived key is the same on every attempt',
  'one home an operation':
    'its row goes into one database, whichever servers have worked on it; and whoever is told its result finds it there',
  'a wait ends in time': 'nobody sleeps into the end of its invocation',
  'no key is stuck': 'once all leases are over, the key can be used, or is known to be in doubt',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export class Violation extends Error {
  readonly invariant: Invariant;
  constructor(invariant: Invariant, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
  }
}
