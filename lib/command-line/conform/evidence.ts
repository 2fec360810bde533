/**
 * What was seen of the API. Several checks look at one course of events, so each course is played once, when the first
 * check asks for it.
 */
import { isSuccess, sameBody } from './answers.ts';
import type { Answer } from './exchange.ts';
import type { Operation, Target, Variation } from './target.ts';

/** How often an operation took effect, and how that is known. */
export type Effects =
  | { readonly kind: 'counted'; readonly count: number }
  /** Nobody said how to count, and each run of the operation answers otherwise. */
  | { readonly kind: 'by-answers' }
  | { readonly kind: 'unknown' };

export interface Sequence {
  readonly operation: Operation;
  readonly first: Answer;
  readonly retry: Answer;
  readonly effects: Effects;
}

export interface Reuse {
  readonly first: Answer;
  /** Absent where no other payload can be made of the body. */
  readonly other: Answer | undefined;
  readonly again: Answer;
  readonly effects: Effects;
}

export interface Contest {
  /** Those that were sent at once, in the order of their answers. */
  readonly answers: readonly Answer[];
  /** Sent when all were answered. */
  readonly retry: Answer;
  readonly effects: Effects;
}

export interface Refusal {
  /** Two that were sent at once, in the order of their answers. */
  readonly answers: readonly Answer[];
  /** Sent as soon as one of the two was refused. */
  readonly third: Answer | undefined;
  /** Another payload, sent when the third was refused as well. */
  readonly otherPayload: Answer | undefined;
}

export class Evidence {
  readonly target: Target;

  constructor(target: Target) {
    this.target = target;
  }

  /** A request, and its retry after the answer. */
  readonly sequence = once(async (): Promise<Sequence> => {
    const operation = this.target.newOperation();
    const first = await this.target.send(operation);
    const retry = await this.target.send(operation);
    return { operation, first, retry, effects: await this.effectsOf(operation) };
  });

  /** Whether two runs of one payload answer otherwise, as they do where the answer holds an id of what was made. */
  readonly answersTellRuns = once(async (): Promise<boolean> => {
    const operation = this.target.newOperation();
    const one = await this.target.send(operation);
    const other = await this.target.send(this.target.newOperation(operation));
    return isSuccess(one) && isSuccess(other) && !sameBody(one, other);
  });

  /** A request without a key. */
  readonly withoutKey = once(async () => {
    const operation = this.target.newOperation();
    const answer = await this.target.send(operation, { keyValue: null });
    return { answer, effects: await this.effectsOf(operation) };
  });

  /** A key that comes again with another payload, and then with its own. */
  readonly reuse = once(async (): Promise<Reuse> => {
    const operation = this.target.newOperation();
    const first = await this.target.send(operation);
    const body = this.target.otherBodyOf(operation);
    const other = body === undefined ? undefined : await this.target.send(operation, { body });
    const again = await this.target.send(operation);
    return { first, other, again, effects: await this.effectsOf(operation) };
  });

  /** Requests of one operation, all at once. */
  readonly contest = once(async (): Promise<Contest> => {
    const operation = this.target.newOperation();
    const answers = await this.#sendAtOnce(operation, this.target.settings.parallel);
    const retry = await this.target.send(operation);
    return { answers, retry, effects: await this.effectsOf(operation) };
  });

  /** Two at once, and what comes while one is refused and the other one runs. */
  readonly refusal = once(async (): Promise<Refusal> => {
    const operation = this.target.newOperation();
    let late: Promise<Omit<Refusal, 'answers'>> | undefined;
    const answers = await this.#sendAtOnce(operation, 2, ({ status }) => {
      if (status === 409) late ??= this.#sendLate(operation);
    });
    return { answers, ...((await late) ?? { third: undefined, otherPayload: undefined }) };
  });

  async #sendAtOnce(
    operation: Operation,
    count: number,
    onAnswer: (answer: Answer) => void = () => {},
  ): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    const sent = Array.from({ length: count }, async () => {
      const answer = await this.target.send(operation, { slow: true });
      answers.push(answer);
      onAnswer(answer);
    });
    await Promise.all(sent);
    return answers;
  }

  async #sendLate(operation: Operation): Promise<Omit<Refusal, 'answers'>> {
    const third = await this.target.send(operation, { slow: true });
    const body = this.target.otherBodyOf(operation);
    const otherPayload =
      body === undefined || third.status !== 409 ? undefined : await this.target.send(operation, { body });
    return { third, otherPayload };
  }

  /** One request of a new operation, in whatever way it differs. */
  async single(vary: (operation: Operation) => Variation): Promise<{ operation: Operation; answer: Answer }> {
    const operation = this.target.newOperation();
    return { operation, answer: await this.target.send(operation, vary(operation)) };
  }

  async effectsOf(operation: Operation): Promise<Effects> {
    const count = await this.target.effectsOf(operation);
    if (count !== undefined) return { kind: 'counted', count };
    return { kind: (await this.answersTellRuns()) ? 'by-answers' : 'unknown' };
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
