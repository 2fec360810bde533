/** One request, from its arrival to its answer, through the library's real middleware or wrapper. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import {
  type IdempotencyContext,
  type IdempotencyEvent,
  isIdempotencyError,
  outcomeUnknown,
  type Reconciliation,
  type Sleep,
  type TransactionalStore,
} from '../../lib/index.ts';
import type { GuardBeside } from './beside-powertools.ts';
import { pickOne } from './choices.ts';
import { DynamoDbTable } from './dynamodb/dynamodb-table.ts';
import type { Guarded } from './guard.ts';
import { PADDING } from './padding.ts';
import { NETWORK } from './scheduler.ts';
import { purchase } from './simulated-table.ts';
import type { World } from './world.ts';

/** Length of an invocation, in milliseconds. */
export const TIMEOUT_MS = 3_000;

/** One request of a client. */
export interface Sender {
  /** From 1. */
  readonly number: number;
  readonly key: string;
  readonly payload: string;
  /** By how much the clock of its sandbox is ahead, in milliseconds. */
  readonly skewMs: number;
  /** By the true clock. */
  readonly arrivedMs: number;
  /** By the true clock. A sandbox is killed then, and a zombie is not. */
  readonly deadlineMs: number;
  readonly isZombie: boolean;
  /** Tokens that the library has made for it. */
  readonly owners: ReadonlySet<string>;
  /** What the library told of it. */
  readonly events: readonly IdempotencyEvent['type'][];
  /** The record's id, once the library has told it. */
  readonly recordId: string | undefined;
  /** Everything that its next step depends on. */
  readonly learned: string;
  /** Whether the last write of its own that reached the table left a lock of its own there, or a read showed one. */
  holdsLock: boolean;
  /** `text` is made only where somebody keeps it. */
  note(text: () => string): void;
  /** What it has been told, to the last detail: no other state of a sender decides over its next step. */
  learn(told: unknown): void;
}

/** What the caller got. */
export type Answer =
  | {
      readonly kind: 'result';
      readonly payload: string;
      readonly run: number;
      /** The run had nothing to sell. */
      readonly soldOut: boolean;
      /** All that makes a long answer long is in it. */
      readonly isWhole: boolean;
    }
  | { readonly kind: 'refused'; readonly code: string }
  /** The handler's own failure, or that it does not know. */
  | { readonly kind: 'failed' };

const ENDS = [
  'answers',
  'fails',
  'answers 500',
  'does not know, with effect',
  'does not know, no effect',
] as const;
const END_WEIGHTS = [12, 1, 1, 1, 1];

/** Of a row on its way into a database. */
const PUT_FATES = ['delivered', 'late', 'reply lost'] as const;
const PUT_FATE_WEIGHTS = [4, 1, 1];

class HandlerFailed extends Error {}

export interface SenderTraits {
  readonly number: number;
  readonly key: string;
  readonly payload: string;
  readonly skewMs: number;
  readonly isZombie: boolean;
  /** From 1: the server that it comes to. Each has a database of its own. */
  readonly server: number;
  readonly guardBeside: GuardBeside;
}

export class Invocation implements Sender, Guarded {
  readonly number: number;
  readonly key: string;
  readonly payload: string;
  readonly skewMs: number;
  readonly isZombie: boolean;
  readonly server: number;
  readonly guardBeside: GuardBeside;
  readonly arrivedMs: number;
  readonly deadlineMs: number;
  readonly owners = new Set<string>();
  readonly events: IdempotencyEvent['type'][] = [];
  recordId: string | undefined;
  holdsLock = false;
  learned = '';
  ended = false;
  readonly store: TransactionalStore;
  readonly #world: World;

  constructor(world: World, traits: SenderTraits) {
    this.#world = world;
    this.number = traits.number;
    this.key = traits.key;
    this.payload = traits.payload;
    this.skewMs = traits.skewMs;
    this.isZombie = traits.isZombie;
    this.server = traits.server;
    this.guardBeside = traits.guardBeside;
    this.arrivedMs = world.scheduler.nowMs;
    this.deadlineMs = this.arrivedMs + TIMEOUT_MS;
    this.store = world.table.connect(world, this);
    const at = whereTo(world, traits);
    const times = this.isZombie ? ', never killed' : '';
    this.note(
      () => `arrives${at} with key ${this.key}, body ${this.payload} (clock +${this.skewMs} ms${times})`,
    );
  }

  get client(): DynamoDBClient {
    const { table } = this.#world;
    if (!(table instanceof DynamoDbTable)) throw new Error('Powertools shares tables of DynamoDB.');
    return table.client(this.#world, this);
  }

  note(text: () => string): void {
    if (!this.#world.keepsNotes) return;
    const line = text();
    this.learned += `|${line}`;
    this.#world.tell(this.number, line);
  }

  learn(told: unknown): void {
    if (this.#world.keepsNotes) this.learned += JSON.stringify([told, this.#world.scheduler.nowMs]);
  }

  /** Resolves at the end; never, if something ends it before. */
  async run(): Promise<Answer> {
    const answer = await this.#answer();
    this.ended = true;
    this.note(() => `is answered: ${describe(answer)}`);
    this.#world.checker.answers.answered(this, answer);
    return answer;
  }

  crash(reason: string): void {
    this.ended = true;
    this.#world.scheduler.end(this.number);
    this.note(() => reason);
  }

  async #answer(): Promise<Answer> {
    try {
      return readAnswer(await this.#world.guards.invoke(this, this.#context()), this.#isLong);
    } catch (error) {
      if (error instanceof HandlerFailed) return { kind: 'failed' };
      if (isIdempotencyError(error)) return { kind: 'refused', code: error.code };
      throw error;
    }
  }

  #context(): Context {
    const { scheduler, mutant } = this.#world;
    const imagined = mutant?.imaginesMs ?? 0;
    const remaining = { getRemainingTimeInMillis: () => this.deadlineMs + imagined - scheduler.nowMs };
    return remaining as Context; // The library asks the context for nothing else.
  }

  readonly sleep: Sleep = (ms, signal, options) => {
    const { checker, scheduler } = this.#world;
    // For the timers of a lease nobody waits.
    if (options?.ref !== false) checker.runs.sleeps(this, ms);
    return scheduler.sleep(this.number, ms, signal);
  };

  readonly random = (): number => pickOne(this.#world.choices, this.#world.bounds.chances);

  readonly now = (): number => this.#world.scheduler.nowMs + this.skewMs;

  readonly newOwner = (): string => {
    const owner = `${this.number}.${this.owners.size}`;
    this.owners.add(owner);
    return owner;
  };

  readonly onEvent = (event: IdempotencyEvent): void => {
    this.events.push(event.type);
    if ('id' in event) this.recordId = event.id;
  };

  readonly findOut = async (): Promise<Reconciliation> => {
    const { scheduler, checker, choices, handlersMayFail } = this.#world;
    checker.runs.asked(this);
    this.note(() => 'asks what became of it');
    await scheduler.step(this.number, 'look');
    if (choices.pick(handlersMayFail ? [3, 1] : [1]) === 1) return { outcome: 'blocked' };
    const run = checker.runs.effectOf(this.key);
    if (run === undefined) return { outcome: 'run' };
    checker.runs.foundOut(this, run);
    return { outcome: 'completed', answer: resultOf(run, { isLong: this.#isLong }) };
  };

  readonly handle = async (idempotency: IdempotencyContext): Promise<unknown> => {
    const { scheduler, checker, choices, front, handlersMayFail, mutant } = this.#world;
    checker.runs.started(this);
    this.note(() => 'handler begins');
    const end = ENDS[choices.pick(handlersMayFail ? END_WEIGHTS : [1])];
    await scheduler.step(this.number, 'handler');
    if (this.#world.work === 'steps') await this.#step('reserve', idempotency);
    if (end === 'fails') throw new HandlerFailed();
    if (end === 'answers 500') {
      // Only HTTP answers have a status that says so; whatever else is returned is a result.
      if (front === 'wrapper with key' || front === 'beside Powertools') throw new HandlerFailed();
      return { statusCode: 500 };
    }
    if (end === 'does not know, no effect') return outcomeUnknown({ statusCode: 504 });
    const isKnown = await this.#work(idempotency);
    await scheduler.step(this.number, 'handler returns');
    if (!isKnown) return outcomeUnknown({ statusCode: 504 });
    if (end === 'does not know, with effect' && mutant?.takesDoubtForFailure) throw new HandlerFailed();
    if (end === 'does not know, with effect') return outcomeUnknown({ statusCode: 504 });
    return resultOf(this, { isLong: this.#isLong });
  };

  /** Whether the handler knows in the end what has become of it. */
  async #work(idempotency: IdempotencyContext): Promise<boolean> {
    switch (this.#world.work) {
      case 'effect':
        this.#world.checker.runs.tookEffect(this);
        this.note(() => 'EFFECT');
        return true;
      case 'commit':
      case 'single write':
        this.#purchase(idempotency);
        return true;
      case 'steps':
        await this.#step('charge', idempotency);
        return true;
      case 'home step':
        return this.#putAtHome(idempotency);
    }
  }

  async #putAtHome(idempotency: IdempotencyContext): Promise<boolean> {
    const { mutant } = this.#world;
    const rowId = idempotency.deriveKey('row');
    if (mutant?.home === undefined) return this.#put(await this.#home(idempotency), rowId);
    const isKnown = await this.#put(this.server, rowId);
    if (mutant.home === 'its own server, recorded afterwards') await this.#home(idempotency);
    return isKnown;
  }

  #home(idempotency: IdempotencyContext): Promise<number> {
    return this.#step('home', idempotency, this.server);
  }

  /** Over a network of its own, on which a row may come late, or its reply get lost. */
  async #put(database: number, rowId: string): Promise<boolean> {
    const { scheduler, choices } = this.#world;
    await scheduler.step(this.number, 'put the row');
    const fate = PUT_FATES[choices.pick(this.#world.faultsLeft > 0 ? PUT_FATE_WEIGHTS : [1])];
    if (fate !== 'delivered') this.#world.faultsLeft -= 1;
    const apply = () => {
      const isNew = this.#world.databases.put(database, rowId);
      this.note(() => (isNew ? `ROW in database ${database}` : `finds its row in database ${database}`));
      if (isNew) this.#world.checker.runs.rowPut(this, database);
    };
    this.note(() => `row ${fate}`);
    if (fate === 'late') {
      void scheduler
        .step(NETWORK, `late row of send ${this.number}`)
        .then(() => this.note(() => 'late row arrives'))
        .then(apply);
    } else apply();
    return fate === 'delivered';
  }

  /** Some handlers have an answer of their own where there is nothing left; the others fail. */
  #purchase({ commit }: IdempotencyContext): void {
    const { checker, choices, handlersMayFail } = this.#world;
    const hasAnswer = choices.pick(handlersMayFail ? [3, 1] : [1]) === 0;
    const onConditionFailed = () => {
      checker.rows.conditionFailed(this);
      this.note(() => 'finds nothing in stock');
      return resultOf(this, { isLong: this.#isLong, soldOut: true });
    };
    commit(purchase(this.key), hasAnswer ? { onConditionFailed } : {});
  }

  get #isLong(): boolean {
    return this.#world.store === 'DynamoDB, long answers';
  }

  async #step(
    name: string,
    { step, deriveKey }: IdempotencyContext,
    value: number = this.number,
  ): Promise<number> {
    const { scheduler, checker } = this.#world;
    const result = await step(name, async () => {
      checker.runs.stepStarted(this, name, deriveKey(name));
      this.note(() => `step ${name}`);
      await scheduler.step(this.number, `step ${name}`);
      return value;
    });
    checker.runs.stepReturned(this, name, result);
    return result;
  }
}

function resultOf(
  { number, payload }: Sender,
  { isLong, soldOut = false }: { readonly isLong: boolean; readonly soldOut?: boolean },
): unknown {
  const body = {
    payload,
    run: number,
    ...(soldOut ? { soldOut } : {}),
    ...(isLong ? { padding: PADDING } : {}),
  };
  return { statusCode: soldOut ? 409 : 201, body: JSON.stringify(body) };
}

/** `answer` is the handler's own, its replay, or a problem document: all of them HTTP answers. */
function readAnswer(answer: unknown, isLong: boolean): Answer {
  const { body = '{}' } = answer as { readonly body?: string };
  const {
    code,
    payload,
    run,
    soldOut = false,
    padding,
  } = JSON.parse(body) as {
    readonly code?: string;
    readonly payload?: string;
    readonly run?: number;
    readonly soldOut?: boolean;
    readonly padding?: string;
  };
  if (code !== undefined) return { kind: 'refused', code };
  if (payload === undefined || run === undefined) return { kind: 'failed' };
  return { kind: 'result', payload, run, soldOut, isWhole: !isLong || padding === PADDING };
}

function whereTo({ work, front }: World, { server, guardBeside }: SenderTraits): string {
  if (work === 'home step') return ` at server ${server}`;
  return front === 'beside Powertools' ? ` under ${guardBeside}` : '';
}

function describe(answer: Answer): string {
  switch (answer.kind) {
    case 'result':
      return `${answer.soldOut ? '"sold out" of' : 'result of'} run ${answer.run} for body ${answer.payload}`;
    case 'refused':
      return answer.code;
    case 'failed':
      return "the handler's failure";
  }
}
