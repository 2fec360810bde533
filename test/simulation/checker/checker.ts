/**
 * The promises, stated over what happened. It sees the table before and after each write, each start of the
 * handler, each effect and each answer; it knows the true time, which no invocation does.
 */
import { AnswerChecks } from './answer-checks.ts';
import { type CheckedWorld, Evidence } from './evidence.ts';
import type { Violation } from './promises.ts';
import { RowChecks } from './row-checks.ts';
import { RunChecks } from './run-checks.ts';
import { WriteChecks } from './write-checks.ts';

export class Checker {
  readonly #evidence: Evidence;
  readonly runs: RunChecks;
  readonly rows: RowChecks;
  readonly writes: WriteChecks;
  readonly answers: AnswerChecks;

  constructor(world: CheckedWorld) {
    this.#evidence = new Evidence(world);
    this.runs = new RunChecks(this.#evidence);
    this.rows = new RowChecks(this.#evidence);
    this.writes = new WriteChecks(this.#evidence, this.rows);
    this.answers = new AnswerChecks(this.#evidence);
  }

  /** The first broken promise. */
  get violation(): Violation | undefined {
    return this.#evidence.violation;
  }

  /** All that later judgements depend on. */
  get state(): string {
    return this.#evidence.state;
  }
}
