import type { RecordedSteps } from '../stores/idempotency-store.ts';
import {
  ConfigurationError,
  ResultTooLargeError,
  StepNotRecordedError,
  SupersededError,
  storeErrorOf,
} from './errors.ts';
import type { IdempotencyEventListener } from './events.ts';
import { outcomeUnknown } from './outcome-unknown.ts';

/** `context.idempotency.step` */
export type StepFunction = <T>(name: string, fn: () => Promise<T> | T) => Promise<T>;

/** A name is an attribute's name, which counts for the size of the record, and ends in logs. */
const NAME_MAX_CHARACTERS = 128;

/**
 * A record of more steps than this is a workflow that belongs into a service for workflows. The bound also keeps the one
 * expression that drops them all within DynamoDB's limits (4 KB, 300 operators).
 */
const STEPS_MAX = 100;

/** What steps need of the attempt that runs them. */
export interface StepRecorder {
  readonly id: string;
  readonly attempt: number;
  readonly recorded: RecordedSteps | undefined;
  readonly now: () => number;
  readonly notify: IdempotencyEventListener;
  /** Why the lease is lost, if it is. */
  loss(): Error | undefined;
  /** Resolves to the record of whoever has taken over, or `settled`. @throws StoreError, ResultTooLargeError */
  record(name: string, json: string): Promise<StepSettlement>;
  /** The lease is another attempt's. */
  lose(reason: Error): void;
}

type StepSettlement =
  | { readonly kind: 'settled' }
  | { readonly kind: 'superseded'; readonly current: { readonly leaseEndsAtMs: number } | undefined };

/**
 * The steps of one attempt. Each takes effect before the next and has its result recorded under the lock, so that an
 * attempt that takes over goes on behind the last of them.
 */
export class Steps {
  readonly #recorder: StepRecorder;
  readonly #names = new StepNames();
  readonly #running = new Set<string>();
  readonly #failures = new Set<Error>();
  #recorded: RecordedSteps;
  #isClosed = false;

  constructor(recorder: StepRecorder) {
    this.#recorder = recorder;
    this.#recorded = recorder.recorded ?? {};
  }

  readonly run: StepFunction = async (name, fn) => {
    if (this.#isClosed) throw afterTheEnd();
    this.#names.use(name);
    const recorded = Object.hasOwn(this.#recorded, name) ? this.#recorded[name] : undefined;
    if (recorded !== undefined) {
      this.#tell('step-skipped', name);
      // What was recorded is what the same function returned, as JSON.
      return parsed(recorded) as never;
    }
    const loss = this.#recorder.loss();
    if (loss !== undefined) throw this.#own(loss);

    this.#running.add(name);
    try {
      const result = await this.#effect(name, fn);
      const json = this.#jsonOf(name, result);
      await this.#record(name, json);
      return parsed(json) as typeof result;
    } finally {
      this.#running.delete(name);
    }
  };

  /** The handler has ended. */
  close(): void {
    this.#isClosed = true;
  }

  /** Whether `error` is about the recording of a step, and not the handler's own. */
  hasThrown(error: unknown): boolean {
    return error instanceof Error && this.#failures.has(error);
  }

  /** Steps whose effect may be there without a record: while there are any, nobody can say how the handler ended. */
  get isRunning(): boolean {
    return this.#running.size > 0;
  }

  /** All that may have been recorded, or be so at any moment; `undefined` if there is none. */
  get recorded(): RecordedSteps | undefined {
    // Stryker disable next-line StringLiteral: of an unfinished step nothing but its name is ever looked at
    const unfinished = Object.fromEntries([...this.#running].map((name) => [name, '']));
    const all = { ...unfinished, ...this.#recorded };
    return Object.keys(all).length === 0 ? undefined : all;
  }

  async #effect<T>(name: string, fn: () => Promise<T> | T): Promise<T> {
    try {
      return await fn();
    } catch (error) {
      // It says that it has had no effect: the same attempt may try it again.
      this.#names.free(name);
      throw error;
    }
  }

  async #record(name: string, json: string): Promise<void> {
    // From now on it may be there, whatever the reply is.
    this.#recorded = Object.freeze({ ...this.#recorded, [name]: json });
    let settlement: StepSettlement;
    try {
      settlement = await this.#recorder.record(name, json);
    } catch (error) {
      throw this.#own(outcomeUnknown(this.#failure(name, error)));
    }
    if (settlement.kind === 'settled') return this.#tell('step-recorded', name);
    // The handler has ended without waiting for this step, and the key is consumed or given back: nobody needs it.
    if (this.#isClosed) return;
    const retryAfterMs = Math.max((settlement.current?.leaseEndsAtMs ?? 0) - this.#recorder.now(), 0);
    const superseded = new SupersededError(retryAfterMs);
    this.#recorder.lose(superseded);
    throw this.#own(superseded);
  }

  #jsonOf(name: string, result: unknown): string {
    try {
      return jsonOf(name, result);
    } catch (error) {
      throw this.#own(error as StepNotRecordedError);
    }
  }

  #own<T extends Error>(error: T): T {
    this.#failures.add(error);
    return error;
  }

  #failure(name: string, error: unknown): Error {
    if (error instanceof ResultTooLargeError) {
      return new StepNotRecordedError(name, 'too-large', { cause: error });
    }
    const failure = storeErrorOf(error);
    this.#recorder.notify({ type: 'store-failed', id: this.#recorder.id, during: 'step', error: failure });
    return failure;
  }

  #tell(type: 'step-recorded' | 'step-skipped', step: string): void {
    const { id, attempt, notify } = this.#recorder;
    notify({ type, id, attempt, step });
  }
}

/** Where nothing is recorded: the steps of a run without a lock. */
export function unrecordedSteps(): { readonly run: StepFunction } {
  const names = new StepNames();
  const run: StepFunction = async (name, fn) => {
    names.use(name);
    try {
      const result = await fn();
      return parsed(jsonOf(name, result)) as typeof result;
    } catch (error) {
      names.free(name);
      throw error;
    }
  };
  return { run };
}

/** The names that one attempt has used: two steps of one name would be one step to the next attempt. */
class StepNames {
  readonly #used = new Set<string>();

  use(name: string): void {
    if (typeof name !== 'string' || name === '' || name.length > NAME_MAX_CHARACTERS) {
      throw new ConfigurationError(`A step needs a name of 1 to ${NAME_MAX_CHARACTERS} characters.`);
    }
    if (this.#used.has(name)) {
      throw new ConfigurationError(
        `Two steps of this handler are called "${name}", so that a later attempt could not tell them apart. Give each a name of its own, in a loop with the number of the turn.`,
      );
    }
    if (this.#used.size === STEPS_MAX) {
      throw new ConfigurationError(`A handler can have up to ${STEPS_MAX} steps.`);
    }
    this.#used.add(name);
  }

  free(name: string): void {
    this.#used.delete(name);
  }
}

function jsonOf(name: string, result: unknown): string {
  try {
    const json: string | undefined = JSON.stringify(result);
    return json ?? '';
  } catch (cause) {
    throw outcomeUnknown(new StepNotRecordedError(name, 'not-serializable', { cause }));
  }
}

/** What the first attempt gets is what a later one would: it went through JSON. */
function parsed(json: string): unknown {
  return json === '' ? undefined : JSON.parse(json);
}

function afterTheEnd(): ConfigurationError {
  return new ConfigurationError(
    'step() was called when the handler had already ended. Await every step before you return.',
  );
}
