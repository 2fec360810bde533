/** Sends whatever a test makes up through the whole of `idempotent()`, and judges what becomes of it. */
import { expect } from '@jest/globals';
import { type InProgressRecord, idempotent, isIdempotencyError, MemoryStore } from '../../lib/index.ts';
import { albEvent, albMultiValueEvent, httpApiEvent, restApiEvent } from '../unit/http/front-door-events.ts';

export const NAMESPACE = 'bad-input';
export const KEY = '8e03978e-40d5-43e8-bc93-6894a57f9324';

/** Keeps what is put into it. It does not judge: the library takes what a store throws for a failure of the store. */
export class WatchedStore extends MemoryStore {
  readonly acquired: InProgressRecord[] = [];

  get ids(): ReadonlySet<string> {
    return new Set(this.acquired.map(({ id }) => id));
  }

  override acquire(record: InProgressRecord, nowSeconds: number) {
    this.acquired.push(record);
    return super.acquire(record, nowSeconds);
  }
}

function expectValidRecord({ id, owner, fingerprint, ...rest }: InProgressRecord): void {
  expect(id).toMatch(/^bad-input#[A-Za-z0-9_-]{43}$/);
  expect(owner).toMatch(/^[0-9a-f-]{36}$/);
  expect(fingerprint).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(rest).toEqual({
    status: 'INPROGRESS',
    attempt: 1,
    expiresAtSeconds: expect.any(Number),
    leaseEndsAtMs: expect.any(Number),
  });
  expect(Number.isSafeInteger(rest.expiresAtSeconds) && Number.isSafeInteger(rest.leaseEndsAtMs)).toBe(true);
}

type Outcome = 'took effect once' | 'refused' | 'unguarded';

/**
 * Sends an event and its retry. Throws where the two together are neither one effect with its replay, nor refused
 * twice alike before anything was asked of the store, nor one of the cases that need no lock.
 */
export async function sendTwice(event: unknown, retry: unknown = structuredClone(event)): Promise<Outcome> {
  const store = new WatchedStore();
  let runs = 0;
  const guarded = idempotent<unknown, unknown, undefined>(
    async () => ({ statusCode: 200, body: String(++runs) }),
    { store, namespace: NAMESPACE, onEvent: () => {} },
  );
  const answers = [await outcomeOf(guarded, event), await outcomeOf(guarded, retry)];
  const [first, second] = answers.map(({ body }) => body);
  const records = store.ids.size;

  for (const answer of answers) expectSafeHeaders(answer);
  for (const record of store.acquired) expectValidRecord(record);
  if (runs === 1 && first === '1' && second === '1' && records === 1) return 'took effect once';
  if (runs === 0 && first === second && records === 0) return 'refused';
  if (runs === 2 && records === 0) return 'unguarded';
  throw new Error(`${runs} runs and ${records} records, answered by ${first} and ${second}`);
}

interface SeenAnswer {
  readonly body: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}

async function outcomeOf(
  guarded: (event: unknown, context: undefined) => Promise<unknown>,
  event: unknown,
): Promise<SeenAnswer> {
  try {
    // Both the handler's answer and the problem documents are HTTP answers.
    return (await guarded(event, undefined)) as SeenAnswer;
  } catch (error) {
    if (!isIdempotencyError(error)) throw error;
    return { body: error.code };
  }
}

/** What a client sent must not end or begin a header of the answer. */
function expectSafeHeaders({ headers = {} }: SeenAnswer): void {
  for (const [name, value] of Object.entries(headers)) {
    expect(name).toMatch(/^[A-Za-z-]+$/);
    expect(String(value)).toMatch(/^[\x20-\x7e]*$/);
  }
}

export type Members = Readonly<Record<string, unknown>>;
type FrontDoor = readonly [name: string, event: (members: Members) => Members];

/** Every front door, and a request with a key through it. */
export const FRONT_DOORS: readonly FrontDoor[] = [
  ['rest-api', (members) => restApiEvent({ ...bothHeaders({}), body: '{}', ...members })],
  ['http-api', (members) => httpApiEvent({ ...singleHeaders({}), body: '{}', ...members })],
  ['alb', (members) => albEvent({ ...singleHeaders({}), body: '{}', ...members })],
  ['alb-multi-value', (members) => albMultiValueEvent({ ...multipleHeaders({}), body: '{}', ...members })],
];

export const withKey = (headers: Members): Members => ({
  'content-type': 'application/json',
  'idempotency-key': KEY,
  ...headers,
});
export const singleHeaders = (headers: Members): Members => ({ headers: withKey(headers) });
const multipleHeaders = (headers: Members): Members => ({
  multiValueHeaders: Object.fromEntries(
    Object.entries(withKey(headers)).map(([name, value]) => [name, [value]]),
  ),
});
const bothHeaders = (headers: Members): Members => ({
  ...singleHeaders(headers),
  ...multipleHeaders(headers),
});

export function headersOf(frontDoor: string, headers: Members): Members {
  if (frontDoor === 'rest-api') return bothHeaders(headers);
  return frontDoor === 'alb-multi-value' ? multipleHeaders(headers) : singleHeaders(headers);
}
