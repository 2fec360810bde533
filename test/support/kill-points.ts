/**
 * An invocation that ends at a point of its way, as a sandbox does that is killed. Points lie before and after each
 * request to the database, and wherever the handler at hand says so.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export class KillPoints {
  /** Names of the points that were reached, in order. */
  readonly reached: string[] = [];
  readonly #killAt: number;
  readonly #die: () => Promise<never>;

  /**
   * @param killAt - the point to die at, from 1; beyond the last one nothing happens
   * @param die - ends the invocation, and never resolves
   */
  constructor(killAt: number, die: () => Promise<never>) {
    this.#killAt = killAt;
    this.#die = die;
  }

  async pass(name: string): Promise<void> {
    this.reached.push(name);
    if (this.reached.length >= this.#killAt) await this.#die();
  }

  /** The requests of `client` as points, each try on the wire by itself. */
  watch(client: DynamoDBClient): void {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const command = String(context['commandName']).replace(/Command$/, '');
        await this.pass(`before ${command}`);
        const reply = await next(args);
        await this.pass(`after ${command}`);
        return reply;
      },
      { step: 'finalizeRequest', priority: 'low', name: 'killPoints' },
    );
  }
}

export type Survival<T> =
  | { readonly kind: 'killed'; readonly at: string }
  | { readonly kind: 'survived'; readonly result: T; readonly points: number };

/** Runs `invoke` up to its `killAt`-th point. What is killed in this process never goes on, and is never heard of again. */
export async function runUntilKilled<T>(
  killAt: number,
  invoke: (points: KillPoints) => Promise<T>,
): Promise<Survival<T>> {
  let tellDeath = (_survival: Survival<T>) => {};
  const death = new Promise<Survival<T>>((resolve) => {
    tellDeath = resolve;
  });
  const points: KillPoints = new KillPoints(killAt, () => {
    tellDeath({ kind: 'killed', at: points.reached.at(killAt - 1) ?? '' });
    return new Promise<never>(() => {});
  });
  const survival = invoke(points).then(
    (result): Survival<T> => ({ kind: 'survived', result, points: points.reached.length }),
  );
  return Promise.race([death, survival]);
}
