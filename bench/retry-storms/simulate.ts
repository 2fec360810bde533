import FakeTimers from '@sinonjs/fake-timers';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Send } from './contenders.ts';
import { OUTAGE_MS, Service } from './service.ts';

const CLIENTS = 1_000;
/** Far beyond what any contender waits. */
const GIVE_UP_MS = 3_600_000;
const DRAW_MAX = 2 ** 31 - 1;

export interface Figures {
  readonly requests: number;
  /** Most requests that arrived within any whole second. */
  readonly peakPerSecond: number;
  /** Operations whose client gave up without a result. */
  readonly unanswered: number;
  /** From the end of the outage until the last answer or the last client gave up, in seconds. */
  readonly recoverySeconds: number;
  /** Operations that took effect more than once, each further effect counted. */
  readonly duplicates: number;
}

/** When the thousand begin: at any moment of the outage, or all in its first tenth of a second. */
export const SCENARIOS = { spread: OUTAGE_MS, together: 100 } as const;
export type Scenario = keyof typeof SCENARIOS;

/** One run, the same for the same seed. Not two at a time: clock and randomness are the process's own. */
export async function simulate(send: Send, scenario: Scenario, seed: number): Promise<Figures> {
  const generator = xoroshiro128plus(seed);
  const random = () => uniformInt(generator, 0, DRAW_MAX) / (DRAW_MAX + 1);
  const ownRandom = Math.random;
  const clock = FakeTimers.install({
    now: 0,
    toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'],
  });
  Math.random = random;
  try {
    return await run(send, SCENARIOS[scenario], random, clock);
  } finally {
    Math.random = ownRandom;
    clock.uninstall();
  }
}

async function run(
  send: Send,
  beginWithinMs: number,
  random: () => number,
  clock: FakeTimers.Clock,
): Promise<Figures> {
  const service = new Service();
  let answered = 0;
  let endedAtMs = 0;
  let underWay = CLIENTS;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const latency = () => pause(10 + random() * 30);

  async function client(operation: string, startsAtMs: number): Promise<void> {
    await pause(startsAtMs);
    const ok = await send(async (input, init) => {
      const headers = input instanceof Request ? input.headers : new Headers(init?.headers);
      const key = headers.get('idempotency-key') ?? undefined;
      await latency();
      const reply = service.receive({ operation, key }, Date.now());
      await latency();
      if (reply === 'lost') throw new TypeError('fetch failed');
      return new Response(null, { status: reply === 'served' ? 201 : 503 });
    }).catch(() => false);
    if (ok) answered++;
    endedAtMs = Date.now();
    underWay--;
  }

  for (let index = 0; index < CLIENTS; index++) void client(`operation ${index}`, random() * beginWithinMs);
  while (underWay > 0 && Date.now() < GIVE_UP_MS) await clock.tickAsync(100);
  if (underWay > 0) throw new Error(`${underWay} clients are still at it after an hour.`);
  return {
    requests: service.arrivalsMs.length,
    peakPerSecond: peak(service.arrivalsMs),
    unanswered: CLIENTS - answered,
    recoverySeconds: (endedAtMs - OUTAGE_MS) / 1000,
    duplicates: service.duplicates,
  };
}

function peak(arrivalsMs: readonly number[]): number {
  const perSecond = new Map<number, number>();
  for (const atMs of arrivalsMs) {
    const second = Math.floor(atMs / 1000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  return Math.max(0, ...perSecond.values());
}
