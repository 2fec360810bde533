/** What a seed fixes: the operations and what is done to them on purpose, and the strikes. */
import { Dice } from './dice.ts';
import { MOMENTS, type Moment } from './moments.ts';

export interface Operation {
  /** From 1. */
  readonly number: number;
  readonly key: string;
  readonly onUncertain: 'retry' | 'block';
  readonly body: OperationBody;
  /** Clients that send it at the same time, which is more than one on purpose. */
  readonly senders: number;
  /** The handler throws before it has had an effect, where it serves the first request. */
  readonly failsFirst: boolean;
  /** When the key is sent with another payload. */
  readonly mismatch: 'never' | 'while it runs' | 'when it is answered';
  /** It is sent once more when it has been answered. */
  readonly isRepeated: boolean;
  readonly pausesMs: Pauses;
  /** Time that its lane waits before the next operation. */
  readonly thinkMs: number;
}

export interface OperationBody {
  /** The key: a cart of its own for each operation, so that its rows can be counted. */
  readonly cartId: string;
  readonly sku: string;
  readonly quantity: number;
}

/** How long the handler takes before each of its steps: time in which it can be struck. */
export interface Pauses {
  readonly beforeEffect: number;
  readonly betweenEffects: number;
  readonly afterEffects: number;
  readonly beforeAnswer: number;
}

export const STRIKE_KINDS = ['kill', 'short stop', 'long stop'] as const;
export type StrikeKind = (typeof STRIKE_KINDS)[number];

export interface Strike {
  readonly kind: StrikeKind;
  /** Falls when so many operations have begun. */
  readonly afterOperation: number;
  /** Waits for a request that comes to this moment; `any` strikes any worker at once, whatever it does. */
  readonly moment: Moment | 'any';
  readonly delayMs: number;
  /** Of a stop. */
  readonly stopMs: number;
}

export interface Plan {
  readonly operations: readonly Operation[];
  readonly strikes: readonly Strike[];
}

export interface PlanOptions {
  readonly seed: number;
  readonly operations: number;
  readonly kills: number;
  /** Four of seven are longer than a lease. */
  readonly stops: number;
  /** Percentage of the operations that are guarded with `onUncertain: 'block'`. */
  readonly blockPercent: number;
  /** Percentage of the operations whose handler fails once. */
  readonly failPercent: number;
  /** What strikes wait for; without it, any moment and at times none. */
  readonly strikesAt?: readonly Moment[];
}

/** Time-out of the function; a lease lasts `CLOCK_SKEW_MS` longer. */
export const TIMEOUT_MS = 1_500;
/** All workers are on one machine. */
export const CLOCK_SKEW_MS = 50;
export const LEASE_MS = TIMEOUT_MS + CLOCK_SKEW_MS;

const LONG_STOPS_SHARE = 4 / 7;
/** No strike before so many operations: the first ones show what an undisturbed run looks like. */
const CALM_OPERATIONS = 10;

export function makePlan(options: PlanOptions): Plan {
  const operations = Array.from({ length: options.operations }, (_, index) =>
    planOperation(index + 1, options),
  );
  return { operations, strikes: planStrikes(options) };
}

function planOperation(number: number, { seed, blockPercent, failPercent }: PlanOptions): Operation {
  const dice = new Dice(seed, 'operation', number);
  const key = dice.uuid();
  const isSlow = dice.chance(10);
  const failsFirst = dice.chance(failPercent);
  return {
    number,
    key,
    onUncertain: dice.chance(blockPercent) ? 'block' : 'retry',
    body: { cartId: key, sku: dice.oneOf(['apple', 'bread', 'cheese']), quantity: dice.between(1, 9) },
    senders: dice.oneOf([1, 1, 1, 1, 2, 3]),
    failsFirst,
    // A handler that fails gives the key back, and the next payload may then be any: no mismatch to speak of.
    mismatch: failsFirst || !dice.chance(12) ? 'never' : dice.oneOf(['while it runs', 'when it is answered']),
    isRepeated: dice.chance(20),
    pausesMs: {
      beforeEffect: dice.between(0, 60),
      // Longer than a client waits: it gives up while the handler goes on.
      betweenEffects: isSlow ? dice.between(650, 950) : dice.between(0, 60),
      afterEffects: dice.between(0, 60),
      beforeAnswer: dice.between(0, 20),
    },
    thinkMs: dice.between(0, 200),
  };
}

function planStrikes({ seed, operations, kills, stops, strikesAt }: PlanOptions): Strike[] {
  const dice = new Dice(seed, 'strikes');
  const longStops = Math.round(stops * LONG_STOPS_SHARE);
  const kinds = dice.shuffled<StrikeKind>([
    ...Array<StrikeKind>(kills).fill('kill'),
    ...Array<StrikeKind>(stops - longStops).fill('short stop'),
    ...Array<StrikeKind>(longStops).fill('long stop'),
  ]);
  const calm = Math.min(CALM_OPERATIONS, Math.floor(operations / 10));
  const spread = (operations - 2 * calm) / Math.max(kinds.length, 1);
  return kinds.map((kind, index) => ({
    kind,
    afterOperation: Math.min(calm + Math.floor((index + 1) * spread), operations),
    moment: strikesAt === undefined && dice.chance(25) ? 'any' : dice.oneOf(strikesAt ?? MOMENTS),
    delayMs: dice.between(0, 60),
    // Around the lease and beyond it, so that what thaws finds its successor at work as well as done.
    stopMs: kind === 'short stop' ? dice.between(100, 600) : dice.between(LEASE_MS, LEASE_MS + 900),
  }));
}
