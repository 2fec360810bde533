import type { Sender } from '../invocation.ts';
import { needsTransactions } from '../world.ts';
import type { Evidence } from './evidence.ts';

/** What is left to `commit()`: a row, and a unit of a stock that may be sold out and filled up again. */
export class RowChecks {
  readonly #evidence: Evidence;
  /** Of the operation that is being applied. */
  #written: string[] = [];
  readonly #metCondition = new Set<Sender>();
  /** Units that were ever in stock. */
  #stocked: number;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    const { table } = evidence.world;
    this.#stocked = table.left;
    table.onRow = (key) => this.#written.push(key);
  }

  restocked(): void {
    this.#stocked += 1;
  }

  /** `sender` was told that a condition of its writes did not hold. */
  conditionFailed(sender: Sender): void {
    this.#metCondition.add(sender);
  }

  /** Whether the operation that is being applied, which consumes the key, consumes it as sold out. */
  soldOut(sender: Sender, operation: string): boolean {
    const soldOut = needsTransactions(this.#evidence.world.work) && this.#written.length === 0;
    if (soldOut && !this.#metCondition.has(sender)) {
      this.#evidence.fail(
        'rows and record agree',
        `${operation} of send ${sender.number} consumes the key without its row`,
      );
    }
    return soldOut;
  }

  /** The operation of `key` has been applied. */
  applied(key: string): void {
    for (const written of this.#written) this.#evidence.lives.current(written).rows += 1;
    this.#written = [];
    this.#check(key);
  }

  /** At every moment, and not only in the end. */
  #check(key: string): void {
    const { world, lives } = this.#evidence;
    if (!needsTransactions(world.work)) return;
    const { rows, completedAs, soldOut } = lives.current(key);
    if (rows !== (completedAs === undefined || soldOut ? 0 : 1)) {
      const record = completedAs === undefined ? 'is not consumed' : `is consumed by send ${completedAs}`;
      this.#evidence.fail('rows and record agree', `key ${key} has ${rows} rows, and ${record}`);
    }
    const { left } = world.table;
    const sold = lives.all.reduce((sum, [, life]) => sum + life.rows, 0);
    if (left < 0 || sold + left !== this.#stocked) {
      this.#evidence.fail(
        'rows and record agree',
        `of ${this.#stocked} units ${sold} were sold, and ${left} are left`,
      );
    }
  }
}
