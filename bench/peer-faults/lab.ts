/**
 * Where one scenario is played with one contender: a table, one idempotency key, and a handler that counts its runs.
 * Every request comes to a sandbox of its own, and what can be seen from outside is written down after each step.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { httpApiEvent, lambdaContext } from '../../test/support/events.ts';
import { type Answer, HandlerError, readAnswer, readError } from './answer.ts';
import { type Contender, createInvoke, type Setup } from './contenders.ts';
import { type SeenRecord, seeRecord } from './record.ts';
import { injectFault, type StoreFault } from './store-fault.ts';

/** Longer than any scenario, except for those that say otherwise. */
const REMAINING_MS = 10_000;

export interface RequestPlan {
  /** Defaults to one that the libraries' key expressions read, with the key of this lab. */
  readonly event?: unknown;
  /** Time that is left of the invocation, which bounds the lock. */
  readonly remainingMs?: number;
  /** What the handler does; by default it answers at once. */
  readonly work?: (run: number) => Promise<unknown>;
  readonly fault?: StoreFault;
  /**
   * What this caller has to get for the promise to be kept: a result, a refusal, or the error of its handler; `any` where
   * more than one of them is right.
   */
  readonly must: 'result' | 'refusal' | 'failure' | 'any';
  /** The client has sent this request before. */
  readonly isRetry?: boolean;
  readonly setup?: Setup;
}

export interface Step {
  readonly name: string;
  readonly must: RequestPlan['must'];
  readonly isRetry: boolean;
  /** `undefined` while the handler is still running. */
  readonly answer: Answer | undefined;
  /** The request's own run of the handler, if it got that far. */
  readonly ownRun: number | undefined;
  readonly record: SeenRecord | undefined;
  /** Runs of the handler that have not ended, those of crashed sandboxes excepted. */
  readonly stillRunning: readonly number[];
}

/** A request on its way, for scenarios in which something else happens meanwhile. */
export interface Running {
  /** Resolves when the handler has begun, or when the request ended without it. */
  readonly begun: Promise<void>;
  readonly ended: Promise<Answer>;
  /** Waits for the end and writes the step down. */
  end(name: string): Promise<void>;
}

export class Lab {
  readonly steps: Step[] = [];
  runs = 0;
  readonly #contender: Contender;
  readonly #endpoint: string;
  readonly #client: DynamoDBClient;
  readonly #setup: Setup;
  readonly #tableName = `peer-faults-${randomUUID()}`;
  readonly #key = randomUUID();
  readonly #sandboxClients: DynamoDBClient[] = [];
  readonly #stillRunning = new Set<number>();

  private constructor(contender: Contender, endpoint: string, setup: Setup) {
    this.#contender = contender;
    this.#endpoint = endpoint;
    this.#client = createEngineClient(endpoint);
    this.#setup = setup;
  }

  static async open(contender: Contender, endpoint: string, setup: Setup): Promise<Lab> {
    const lab = new Lab(contender, endpoint, setup);
    await ensureIdempotencyTable(lab.#client, lab.#tableName);
    return lab;
  }

  close(): void {
    for (const client of [this.#client, ...this.#sandboxClients]) client.destroy();
  }

  /** The idempotency key of this lab, for events that are not the default ones. */
  get key(): string {
    return this.#key;
  }

  /** A request with this lab's key and, if given, another payload. */
  event(body?: unknown): unknown {
    return httpApiEvent({ key: this.#key, ...(body === undefined ? {} : { body }) });
  }

  /** Sends a request and waits for its answer. */
  async send(name: string, plan: RequestPlan): Promise<void> {
    await this.#request(plan).end(name);
  }

  /** Sends a request and goes on as soon as its handler runs. */
  async start(name: string, plan: RequestPlan): Promise<Running> {
    const running = this.#request(plan);
    await running.begun;
    await this.#writeDown(name, plan, undefined, undefined);
    return running;
  }

  /** Sends two requests at the same moment. */
  startTogether(plans: readonly [RequestPlan, RequestPlan]): readonly [Running, Running] {
    const [one, other] = plans;
    return [this.#request(one), this.#request(other)];
  }

  /** A sandbox that dies: its handler never ends, and nothing of it is seen again. */
  async crash(name: string, plan: Omit<RequestPlan, 'work' | 'must'>): Promise<void> {
    const neverEnds = (run: number) => {
      this.#stillRunning.delete(run);
      return new Promise<never>(() => {});
    };
    await this.start(name, { ...plan, must: 'any', work: neverEnds });
  }

  /** Waits until the lock of whoever holds it now has run out, by the clock that both libraries read. */
  async untilLeaseEnds(): Promise<void> {
    const record = await seeRecord(this.#client, this.#tableName);
    const endsAtMs = record?.status === 'INPROGRESS' ? record.leaseEndsAtMs : Date.now();
    while (Date.now() <= endsAtMs) await sleep(endsAtMs - Date.now() + 1);
  }

  #request(plan: RequestPlan): Running {
    const client = createEngineClient(this.#endpoint);
    this.#sandboxClients.push(client);
    if (plan.fault !== undefined) injectFault(client, plan.fault);

    let ownRun: number | undefined;
    const begun = deferred();
    const work = async () => {
      const run = ++this.runs;
      ownRun = run;
      this.#stillRunning.add(run);
      begun.resolve();
      try {
        return await (plan.work ?? answerOf)(run);
      } finally {
        this.#stillRunning.delete(run);
      }
    };
    const invoke = createInvoke(this.#contender, {
      client,
      tableName: this.#tableName,
      work,
      ...this.#setup,
      ...plan.setup,
    });
    const ended = invoke(plan.event ?? this.event(), lambdaContext(plan.remainingMs ?? REMAINING_MS)).then(
      readAnswer,
      readError,
    );
    return {
      begun: Promise.race([begun.promise, ended.then(() => {})]),
      ended,
      end: async (name) => this.#writeDown(name, plan, await ended, ownRun),
    };
  }

  async #writeDown(
    name: string,
    { must, isRetry = false }: RequestPlan,
    answer: Answer | undefined,
    ownRun: number | undefined,
  ): Promise<void> {
    const record = await seeRecord(this.#client, this.#tableName);
    this.steps.push({ name, must, isRetry, answer, ownRun, record, stillRunning: [...this.#stillRunning] });
  }
}

/** The answer of a handler that created something: 201, with a body that tells which run it was. */
export async function answerOf(run: number): Promise<unknown> {
  return {
    statusCode: 201,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ run }),
  };
}

/** A handler that fails before it has had an effect. */
export async function failing(): Promise<never> {
  throw new HandlerError('the handler failed');
}

export function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((resolvePromise) => {
    resolve = resolvePromise;
  });
  return { promise, resolve };
}
