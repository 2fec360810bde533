/**
 * The metrics of the library, each with its name and unit: one place for the listener that emits them and for the alarms
 * and dashboards that read them. All are emitted in the namespace, and with the dimensions, of the `Metrics` instance.
 */
export const METRICS = Object.freeze({
  /** A handler began to run under its lock. */
  acquired: count('Acquired'),
  /** A duplicate got the recorded result. */
  replayed: count('Replayed'),
  /** A duplicate was refused, because the first request was running (409). */
  inProgress: count('InProgress'),
  /** A known key came with another payload (422). */
  mismatch: count('Mismatch'),
  /** A lapsed lease was taken over: the attempt before ended without telling how. Also counted in `acquired`. */
  takenOver: count('TakenOver'),
  /** The handler was kept from running because the outcome of an earlier attempt is unknown (409). */
  uncertain: count('Uncertain'),
  /** An attempt ended without a known outcome; its key is locked until the lease ends. */
  inDoubt: count('InDoubt'),
  /** An attempt lost its lease, or found that another one had taken over: two may have run side by side. */
  superseded: count('Superseded'),
  /** The key was consumed. */
  completed: count('Completed'),
  /** The handler had run, and the store failed to consume the key, or cannot tell whether it did. */
  completionFailed: count('CompletionFailed'),
  /** The key was consumed without its result, which could not be kept. Also counted in `completed`. */
  resultOmitted: count('ResultOmitted'),
  /** The handler failed, and the key was given back. */
  released: count('Released'),
  /** A condition of the handler's own writes did not hold. */
  conditionFailed: count('ConditionFailed'),
  /** The store failed, whatever it was asked for. `completionFailed` and `throttled` are counted in it, too. */
  storeFailed: count('StoreFailed'),
  /** The store failed because it was throttled for longer than its client tries again. */
  throttled: count('Throttled'),
  /** A handler ran without a lock because the store could not be reached. */
  unguarded: count('Unguarded'),
  /** How long a duplicate waited for the first attempt's result. */
  waitTime: milliseconds('WaitTime'),
  /** How long a call to the store took, its client's tries again included. Needs the option `storeTimings`. */
  storeLatency: milliseconds('StoreLatency'),
});

/** What a metric is called in code. */
export type MetricKey = keyof typeof METRICS;

/** What a metric is called in CloudWatch, and in what it is counted. */
export interface MetricDefinition {
  readonly name: string;
  readonly unit: 'Count' | 'Milliseconds';
}

function count(name: string) {
  return Object.freeze({ name: `Idempotency${name}`, unit: 'Count' } as const);
}

function milliseconds(name: string) {
  return Object.freeze({ name: `Idempotency${name}`, unit: 'Milliseconds' } as const);
}
