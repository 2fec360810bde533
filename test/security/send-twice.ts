/** Sends whatever a test makes up through the whole of a guarded handler, and judges what becomes of it. */
import { expect } from '@jest/globals';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import {
  type Completion,
  type HttpOptions,
  type IdempotentContext,
  type InProgressRecord,
  idempotency,
  idempotent,
  isIdempotencyError,
  MemoryStore,
  type Ownership,
} from '../../lib/index.ts';
import { lambdaContext } from '../support/events.ts';

export const NAMESPACE = 'bad-input';

/** Keeps what is put into it. It does not judge: the library takes what a store throws for a failure of the store. */
export class WatchedStore extends MemoryStore {
  readonly acquired: InProgressRecord[] = [];
  readonly completed: (Ownership & Completion)[] = [];

  get ids(): ReadonlySet<string> {
    return new Set(this.acquired.map(({ id }) => id));
  }

  override acquire(record: InProgressRecord, nowSeconds: number) {
    this.acquired.push(record);
    return super.acquire(record, nowSeconds);
  }

  override complete({ id, owner }: Ownership, completion: Completion) {
    this.completed.push({ id, owner, ...completion });
    return super.complete({ id, owner }, completion);
  }
}

const ID = /^bad-input#[A-Za-z0-9_-]{43}$/;
const OWNER = /^[0-9a-f-]{36}$/;

function expectValidRecord({ id, owner, fingerprint, ...rest }: InProgressRecord): void {
  expect(id).toMatch(ID);
  expect(owner).toMatch(OWNER);
  expect(fingerprint).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(rest).toEqual({
    status: 'INPROGRESS',
    attempt: 1,
    expiresAtSeconds: expect.any(Number),
    leaseEndsAtMs: expect.any(Number),
  });
  expect(Number.isSafeInteger(rest.expiresAtSeconds) && Number.isSafeInteger(rest.leaseEndsAtMs)).toBe(true);
}

function expectValidCompletion({ id, owner, ...completion }: Ownership & Completion): void {
  expect(id).toMatch(ID);
  expect(owner).toMatch(OWNER);
  expect(completion).toEqual({
    // What the handler below answers, and nothing of the request.
    result: { kind: 'json', json: '{"statusCode":200,"body":"1"}' },
    expiresAtSeconds: expect.any(Number),
    // Made on demand, of the result alone.
    remainderJson: expect.any(Function),
  });
}

export type Outcome =
  | 'took effect once'
  /** With a status from 400 to 499, as is right for what a client can send. */
  | 'refused'
  /** As a fault of the service: right for what no client can send, and for callers who cannot be told apart. */
  | 'misconfigured'
  /** Needs no lock: another method than `POST` and `PATCH`. */
  | 'unguarded';

/**
 * Sends an event and its retry through a handler in both forms. Throws where the two together are neither one effect
 * with its replay, nor refused twice alike before anything was asked of the store, nor without need of a lock; and
 * where the middleware makes another thing of them than the wrapper.
 */
export async function sendTwice(event: unknown, retry: unknown = structuredClone(event)): Promise<Outcome> {
  const outcome = await outcomeOf('wrapper', event, retry);
  expect(await outcomeOf('middleware', event, retry)).toBe(outcome);
  return outcome;
}

async function outcomeOf(form: Form, event: unknown, retry: unknown): Promise<Outcome> {
  const store = new WatchedStore();
  let runs = 0;
  const work = async () => ({ statusCode: 200, body: String(++runs) });
  const handler = guard(form, work, { store, namespace: NAMESPACE, onEvent: () => {} });
  const answers = [await answerOf(handler, event), await answerOf(handler, retry)];
  const [first, second] = answers.map(({ body }) => body);
  const records = store.ids.size;

  for (const answer of answers) expectSafeHeaders(answer);
  for (const record of store.acquired) expectValidRecord(record);
  for (const completion of store.completed) expectValidCompletion(completion);
  if (runs === 1 && first === '1' && second === '1' && records === 1) return 'took effect once';
  if (runs === 0 && first === second && records === 0) {
    return answers.every(({ statusCode }) => statusCode < 500) ? 'refused' : 'misconfigured';
  }
  if (runs === 2 && records === 0) return 'unguarded';
  throw new Error(`${form}: ${runs} runs and ${records} records, answered by ${first} and ${second}`);
}

type Form = 'wrapper' | 'middleware';
type Handler = (event: unknown, context: Context) => Promise<unknown>;

function guard(form: Form, work: () => Promise<unknown>, options: HttpOptions): Handler {
  if (form === 'wrapper') return idempotent<unknown, unknown>(work, options);
  const handler = middy(async () => work()).use(idempotency(options));
  // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
  return (event, context) => handler(event, context as IdempotentContext);
}

interface SeenAnswer {
  readonly statusCode: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly multiValueHeaders?: Readonly<Record<string, unknown>>;
}

async function answerOf(handler: Handler, event: unknown): Promise<SeenAnswer> {
  try {
    // Both the handler's answer and the problem documents are HTTP answers.
    return (await handler(event, lambdaContext())) as SeenAnswer;
  } catch (error) {
    if (!isIdempotencyError(error)) throw error;
    return { statusCode: error.statusCode, body: error.code };
  }
}

/** What a client sent must not end or begin a header of the answer. */
function expectSafeHeaders({ headers = {}, multiValueHeaders = {} }: SeenAnswer): void {
  for (const [name, value] of [...Object.entries(headers), ...Object.entries(multiValueHeaders)]) {
    expect(name).toMatch(/^[A-Za-z-]+$/);
    expect(String(value)).toMatch(/^[\x20-\x7e]*$/);
  }
}
