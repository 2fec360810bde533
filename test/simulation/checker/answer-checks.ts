import type { IdempotencyRecord } from '../../../lib/index.ts';
import type { Answer, Sender } from '../invocation.ts';
import { needsTransactions } from '../world.ts';
import type { Evidence } from './evidence.ts';
import type { Life } from './lives.ts';

/** What callers are told, against what the table has told their invocations. */
export class AnswerChecks {
  readonly #evidence: Evidence;
  /** The record as each sender's last request with a reply has found or left it. */
  readonly #lastSeen = new Map<Sender, IdempotencyRecord | undefined>();
  readonly #fingerprintOf = new Map<Sender, string>();

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
  }

  /** The reply to its request is on the way to `sender`, and says what the table holds now. */
  looked(sender: Sender): void {
    const { records } = this.#evidence.world.table;
    const own = records.find(({ owner }) => sender.owners.has(owner));
    if (own !== undefined) this.#fingerprintOf.set(sender, own.fingerprint);
    this.#lastSeen.set(
      sender,
      records.find(({ id }) => id === sender.recordId),
    );
  }

  answered(sender: Sender, answer: Answer): void {
    if (answer.kind === 'failed') return;
    if (answer.kind === 'refused') {
      this.#checkRefusal(sender, answer.code);
      return;
    }
    if (!answer.isWhole) {
      this.#evidence.fail(
        'a long answer is whole',
        `send ${sender.number} is answered with a part of a result`,
      );
    }
    if (answer.payload !== sender.payload) {
      this.#evidence.fail(
        'one payload a key',
        `body ${sender.payload} is answered with a result for ${answer.payload}`,
      );
    }
    const hasRow = this.#evidence.lives.of(sender.key).some(({ databases }) => databases.size > 0);
    if (this.#evidence.world.work === 'home step' && !hasRow) {
      this.#evidence.fail(
        'one home an operation',
        `send ${sender.number} is answered, and its row is nowhere`,
      );
    }
    this.#checkResult(sender, answer);
  }

  #checkRefusal(sender: Sender, code: string): void {
    // Once its lease is over, its lock is nobody's, and whoever has slept over it is told to come again.
    const isOver =
      this.#evidence.world.scheduler.nowMs + sender.skewMs >= this.#evidence.leases.endMsOf(sender);
    if (code === 'IN_PROGRESS' && sender.holdsLock && !isOver) {
      this.#evidence.fail('a lost reply is no conflict', `send ${sender.number} is refused for its own lock`);
    }
    if (code === 'INCONSISTENT') {
      this.#evidence.fail(
        'expired counts as absent',
        `send ${sender.number} is told that its record is gone, and not run`,
      );
    }
    const isMissing = this.#livesMetBy(sender).some(({ answerIsMissing }) => answerIsMissing);
    if (code === 'RESULT_NOT_RECORDED' && !isMissing) {
      this.#evidence.fail('a long answer is whole', `send ${sender.number} is told that it is missing`);
    }
  }

  /** Everything has ended and every lease is over; `probe` was sent without any fault. */
  probed(probe: Sender, answer: Answer): void {
    const usable =
      answer.kind === 'result' ||
      (answer.kind === 'refused' &&
        ['PAYLOAD_MISMATCH', 'OUTCOME_UNKNOWN', 'RESULT_NOT_RECORDED'].includes(answer.code));
    if (!usable) {
      this.#evidence.fail(
        'no key is stuck',
        `after all leases, send ${probe.number} still gets ${JSON.stringify(answer)}`,
      );
    }
  }

  /** What it read may have expired since: any life counts that it has met. */
  #livesMetBy(sender: Sender): readonly Life[] {
    return this.#evidence.lives
      .of(sender.key)
      .filter(
        (life) =>
          life.endedMs === undefined || life.endedMs >= sender.arrivedMs || this.#isWarm(life, sender),
      );
  }

  #checkResult(sender: Sender, { run: resultOf, soldOut }: Extract<Answer, { kind: 'result' }>): void {
    const met = this.#livesMetBy(sender).filter((life) => life.soldOut === soldOut);
    const recorded = met.flatMap(({ completedAs }) => completedAs ?? []);
    const isOwn = resultOf === this.#evidence.resultOf(sender);
    if (!recorded.includes(resultOf) && !(isOwn && this.#mayAnswerForItself(sender))) {
      this.#evidence.fail(
        'answers agree with the record',
        `send ${sender.number} is answered with ${soldOut ? '"sold out" of ' : ''}run ${resultOf}, and recorded is ${recorded.join(', ') || 'nothing'}`,
      );
    }
    if (!isOwn) this.#checkAge(sender, resultOf);
  }

  /**
   * Whoever has learned of a successor gives the successor's result. An attempt whose completion failed has learned
   * nothing: the work is done and its answer goes out, as documented, unless the work is in the same transaction. A
   * record of another payload is no successor's; the key has begun another life.
   */
  #mayAnswerForItself(sender: Sender): boolean {
    if (needsTransactions(this.#evidence.world.work)) return false;
    if (sender.events.includes('store-failed')) return true;
    const seen = this.#lastSeen.get(sender);
    if (seen === undefined || sender.owners.has(seen.owner)) return true;
    return seen.fingerprint !== this.#fingerprintOf.get(sender);
  }

  /** Where a sandbox keeps results, they are good for their time, whoever deletes the record before. */
  #isWarm({ expiresAtSeconds = 0 }: Life, { arrivedMs }: Sender): boolean {
    return this.#evidence.world.cache && arrivedMs < expiresAtSeconds * 1000;
  }

  #checkAge(sender: Sender, resultOf: number): void {
    const ends = this.#evidence.lives
      .of(sender.key)
      .flatMap(({ completedAs, countsUntilMs = 0 }) => (completedAs === resultOf ? [countsUntilMs] : []));
    if (ends.length > 0 && sender.arrivedMs >= Math.max(...ends)) {
      this.#evidence.fail(
        'expired counts as absent',
        `send ${sender.number} is answered with run ${resultOf}`,
      );
    }
  }
}
