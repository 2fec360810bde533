/** A guarded HTTP handler on a store that meets faults: sends, counts its runs, and shows what it left behind. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import {
  type HttpOptions,
  type IdempotencyEvent,
  type IdempotencyEventListener,
  type IdempotentContext,
  idempotency,
  idempotent,
  outcomeUnknown,
} from '../../lib/index.ts';
import type { IdempotencyRecord, IdempotencyStore } from '../../lib/stores/idempotency-store.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import type { Answer, RecordLeft } from './expected-outcomes.ts';

/** What the handler does in one run; it answers 201 where nothing is planned. */
export type Work = (
  context: IdempotentContext,
) => Promise<{ readonly statusCode: number; readonly body?: string }>;

const REMAINING_MS = 10_000;
const CLOCK_SKEW_MS = 1_000;
/** Of a lease and the margin, and the first moment that is neither. */
export const LEASE_AND_MORE_MS = REMAINING_MS + CLOCK_SKEW_MS + 1;

/** The two forms in which the library guards a handler. */
export const FORMS = ['wrapper', 'middleware'] as const;
export type Form = (typeof FORMS)[number];

type Invoke = (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;

export interface GuardedHandlerOptions extends Omit<HttpOptions, 'store' | 'now' | 'sleep' | 'onEvent'> {
  readonly form: Form;
  /** The store that meets the faults, given the clock on which leases lie. */
  readonly store: (now: () => number) => IdempotencyStore;
  /** The same records, read past the faults. */
  readonly wellStore: IdempotencyStore;
  /** Told of every event, beside `events`. */
  readonly listener?: IdempotencyEventListener;
}

class HandlerError extends Error {}

export class GuardedHandler {
  /** How often the handler has been entered. */
  runs = 0;
  /** How often the step of each run has been run. */
  stepRuns = 0;
  readonly events: IdempotencyEvent[] = [];
  protected readonly key = randomUUID();
  readonly #wellStore: IdempotencyStore;
  readonly #invoke: Invoke;
  readonly #planned: Work[] = [];
  #hasStep = false;
  // Leases lie on this clock and not on the machine's, so that none ends because a machine is slow.
  #nowMs = 1_800_000_000_000;

  constructor({ form, store, wellStore, listener, ...protocolOptions }: GuardedHandlerOptions) {
    this.#wellStore = wellStore;
    const now = () => this.#nowMs;
    this.#invoke = this.#guard(form, {
      ...protocolOptions,
      store: store(now),
      clockSkewMs: CLOCK_SKEW_MS,
      now,
      sleep: async (ms, signal) => {
        await pause(ms, undefined, signal === undefined ? {} : { signal });
        this.#nowMs += ms;
      },
      onEvent: (event) => {
        this.events.push(event);
        listener?.(event);
      },
    });
  }

  /** What the next run does; runs behind it follow the order of planning. */
  planRun(work: Work): void {
    this.#planned.push(work);
  }

  /** From now on, each run begins with a step. */
  runStep(): void {
    this.#hasStep = true;
  }

  /** One request with this service's one key. */
  async send(): Promise<Answer> {
    try {
      return describeAnswer(await this.#invoke(httpApiEvent({ key: this.key }), lambdaContext(REMAINING_MS)));
    } catch (error) {
      if (error instanceof HandlerError) return "the handler's error";
      throw error;
    }
  }

  /** A first attempt of which nobody knows how it ended, and whose lease is over. */
  async leaveLapsedLease(): Promise<void> {
    this.planRun(async () => outcomeUnknown({ statusCode: 504 }));
    await this.#invoke(httpApiEvent({ key: this.key }), lambdaContext(REMAINING_MS));
    await this.letLeaseLapse();
  }

  letLeaseLapse(): void | Promise<void> {
    this.#nowMs += LEASE_AND_MORE_MS;
  }

  /** The one record that has this service's id, read past the faults. */
  async record(): Promise<IdempotencyRecord | undefined> {
    return this.#wellStore.read(this.recordId);
  }

  protected get recordId(): string {
    const id = this.events.map((event) => ('id' in event ? event.id : undefined)).find(Boolean);
    if (id === undefined)
      throw new Error('No event has told the id of the record yet; send a request first.');
    return id;
  }

  async recordLeft(): Promise<RecordLeft> {
    const record = await this.record();
    return record === undefined ? 'none' : `${record.status} ${record.attempt}`;
  }

  /** For what a subclass adds to each run. */
  protected beforeWork(_context: IdempotentContext): void {}

  #guard(form: Form, options: HttpOptions): Invoke {
    const work = async (_event: APIGatewayProxyEventV2, context: IdempotentContext) => {
      this.runs += 1;
      if (this.#hasStep) await context.idempotency.step('step', () => ++this.stepRuns);
      this.beforeWork(context);
      return (
        (await this.#planned.shift()?.(context)) ?? {
          statusCode: 201,
          body: JSON.stringify({ run: this.runs }),
        }
      );
    };
    if (form === 'wrapper') return idempotent<APIGatewayProxyEventV2, unknown>(work, options);
    const handler = middy(work).use(idempotency(options));
    // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
    return (event, context) => handler(event, context as IdempotentContext);
  }
}

/** Work that fails before it has had an effect. */
export async function failingWork(): Promise<never> {
  throw new HandlerError('the handler failed');
}

function describeAnswer(answer: unknown): Answer {
  // What `idempotent` gives for an HTTP API event: the handler's answer, a replay or a problem document.
  const { statusCode, headers, body } = answer as {
    statusCode: number;
    headers?: Record<string, string>;
    body?: string;
  };
  const replayed = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'idempotent-replayed');
  // Our own problem documents carry the error's code.
  const { code } = JSON.parse(body ?? '{}') as { code?: string };
  // An answer that is none of the table's fails the comparison, and shows itself there.
  return [statusCode, replayed ? 'replayed' : '', code ?? ''].filter(Boolean).join(' ') as Answer;
}
