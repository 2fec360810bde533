/** A client: sends an operation with its key until it is answered, and writes down every try. */
import { setTimeout as pause } from 'node:timers/promises';
import { exchange } from '../support/http-exchange.ts';
import { type Answer, readAnswer } from './answer.ts';
import { ORDERS_HEADER, type Orders } from './current-request.ts';
import { Dice } from './dice.ts';
import type { Operation, OperationBody } from './plan.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Why a request is sent. */
export type Purpose = 'operation' | 'repetition' | 'mismatch' | 'last look';

export interface Try {
  readonly request: number;
  readonly key: string;
  readonly purpose: Purpose;
  readonly worker: string;
  readonly sentAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: Outcome;
}

export type Outcome = Answer | { readonly kind: 'no answer'; readonly reason: string };

/** Shorter than a lease: the client comes again while its first request is still under way. */
const TIMEOUT_MS = 600;
/** Full jitter under a doubling bound. `Retry-After` is not waited for, so that it is seen when a key can be used. */
const BACK_OFF_FIRST_MS = 100;
export const BACK_OFF_MAX_MS = 400;
const GIVE_UP_AFTER_MS = 15_000;
/** Nobody is struck any more and every lease is over: what is not to be had by then is stuck. */
const GIVE_UP_LAST_LOOK_AFTER_MS = 5_000;

export class Clients {
  readonly tries: Try[] = [];
  readonly #pool: WorkerPool;
  readonly #seed: number;
  /** Key of each request, by its number. */
  readonly #keys: string[] = [];

  constructor(pool: WorkerPool, seed: number) {
    this.#pool = pool;
    this.#seed = seed;
  }

  keyOf(request: number): string | undefined {
    return this.#keys[request];
  }

  /** Resolves to the answer that ends the matter, or to `undefined` when the client gives up. */
  async send(
    operation: Operation,
    purpose: Purpose,
    options: { readonly body?: OperationBody; readonly sender?: number } = {},
  ): Promise<Answer | undefined> {
    const { body = operation.body, sender = 1 } = options;
    const dice = new Dice(this.#seed, 'client', operation.number, purpose, sender);
    const patienceMs = purpose === 'last look' ? GIVE_UP_LAST_LOOK_AFTER_MS : GIVE_UP_AFTER_MS;
    const giveUpAtMs = Date.now() + patienceMs;
    for (let tries = 1; Date.now() < giveUpAtMs; tries += 1) {
      const fails = operation.failsFirst && purpose === 'operation' && sender === 1 && tries === 1;
      const outcome = await this.#try(operation, purpose, body, dice, fails);
      if (outcome !== undefined && isFinal(outcome)) return outcome;
      await pause(dice.between(0, Math.min(BACK_OFF_FIRST_MS * 2 ** (tries - 1), BACK_OFF_MAX_MS)));
    }
    return undefined;
  }

  async #try(
    operation: Operation,
    purpose: Purpose,
    body: OperationBody,
    dice: Dice,
    fails: boolean,
  ): Promise<Answer | undefined> {
    const { reachable } = this.#pool;
    if (reachable.length === 0) return undefined;
    const { name, port } = dice.oneOf(reachable);
    const request = this.#keys.push(operation.key) - 1;
    const sentAtMs = Date.now();
    const orders: Orders = { request, pausesMs: operation.pausesMs, fails };
    const outcome = await this.#exchange(port, operation, body, orders);
    const endedAtMs = Date.now();
    this.tries.push({ request, key: operation.key, purpose, worker: name, sentAtMs, endedAtMs, outcome });
    return outcome.kind === 'no answer' ? undefined : outcome;
  }

  async #exchange(
    port: number | undefined,
    { key, onUncertain }: Operation,
    body: OperationBody,
    orders: Orders,
  ): Promise<Outcome> {
    try {
      const response = await exchange({
        method: 'POST',
        url: `http://127.0.0.1:${port}/${onUncertain}/items`,
        headers: {
          'content-type': 'application/json',
          'idempotency-key': key,
          [ORDERS_HEADER]: JSON.stringify(orders),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return readAnswer(response.status, response.body);
    } catch (error) {
      return { kind: 'no answer', reason: reasonOf(error) };
    }
  }
}

/** What the library says cannot be mended by sending it again, and results. */
function isFinal(answer: Answer): boolean {
  if (answer.kind === 'result') return true;
  return answer.kind === 'refused' && ['OUTCOME_UNKNOWN', 'PAYLOAD_MISMATCH'].includes(answer.code);
}

function reasonOf(error: unknown): string {
  const { name, code } = error as { readonly name?: string; readonly code?: string };
  return name === 'AbortError' ? 'time-out' : (code ?? String(error));
}
