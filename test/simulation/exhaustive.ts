/**
 * Every schedule of a small world, instead of a random one of a large world. The schedules form a tree of choices,
 * which is walked depth first; each is run from its beginning, since a promise cannot be copied. A state that was
 * seen before has all its continuations behind it, so that the schedule is cut off there.
 */
import { createHash } from 'node:crypto';
import type { Violation } from './checker/promises.ts';
import type { RecordedChoices } from './choices.ts';
import type { Mutant } from './mutants.ts';
import { runSchedule } from './schedule.ts';
import type { Bounds } from './world.ts';

export interface Exploration {
  /** Different states of the world at which there was something to choose. */
  readonly states: number;
  /** Schedules that came to their end, after which the world was judged. */
  readonly histories: number;
  /** Schedules that ran into a state that was known already. */
  readonly joined: number;
  readonly violation: Violation | undefined;
  /** The choices that led to the violation. */
  readonly picked: readonly number[];
}

export async function exploreAll(
  bounds: Bounds,
  options: { readonly mutant?: Mutant; readonly onProgress?: (histories: number) => void } = {},
): Promise<Exploration> {
  const known = new Set<string>();
  let histories = 0;
  let joined = 0;
  let prefix: readonly number[] | undefined = [];

  while (prefix !== undefined) {
    const { choices, next } = enumerated(prefix);
    const start = prefix.length;
    const isKnown = (state: string): boolean => {
      // On the way to the branch, every state is one of our own.
      if (choices.picked.length < start) return false;
      const digest = createHash('sha1').update(state).digest('base64');
      if (known.has(digest)) return true;
      known.add(digest);
      return false;
    };
    const result = await runSchedule({ bounds, choices, mutant: options.mutant, isKnown });
    if (result.abandoned) joined += 1;
    else histories += 1;
    if (result.violation !== undefined) {
      return { states: known.size, histories, joined, violation: result.violation, picked: choices.picked };
    }
    options.onProgress?.(histories);
    prefix = next();
  }
  return { states: known.size, histories, joined, violation: undefined, picked: [] };
}

/** Follows `prefix`, then the first choice everywhere; `next` is the prefix of the schedule that comes after. */
function enumerated(prefix: readonly number[]): {
  readonly choices: RecordedChoices;
  readonly next: () => readonly number[] | undefined;
} {
  const picked: number[] = [];
  const offered: (readonly number[])[] = [];
  return {
    choices: {
      picked,
      pick(weights) {
        const index = prefix[picked.length] ?? weights.findIndex((weight) => weight > 0);
        picked.push(index);
        offered.push(weights);
        return index;
      },
    },
    next() {
      for (let depth = picked.length - 1; depth >= 0; depth -= 1) {
        const current = picked[depth] ?? 0;
        const sibling = offered[depth]?.findIndex((weight, index) => weight > 0 && index > current) ?? -1;
        if (sibling >= 0) return [...picked.slice(0, depth), sibling];
      }
      return undefined;
    },
  };
}
