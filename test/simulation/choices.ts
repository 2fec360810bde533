/** Every accident of a schedule is a choice from here: the same choices make the same schedule again. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface Choices {
  /** An index into `weights`; where a weight is zero, never that one. Index 0 is the uneventful one throughout. */
  pick(weights: readonly number[]): number;
}

export interface RecordedChoices extends Choices {
  /** What was picked so far. */
  readonly picked: readonly number[];
}

export function randomChoices(seed: number): RecordedChoices {
  const generator = xoroshiro128plus(seed);
  const picked: number[] = [];
  return {
    picked,
    pick(weights) {
      let total = 0;
      for (const weight of weights) total += weight;
      let left = uniformInt(generator, 0, total - 1);
      let index = 0;
      while (left >= (weights[index] ?? 0)) {
        left -= weights[index] ?? 0;
        index += 1;
      }
      picked.push(index);
      return index;
    },
  };
}

/** Picks as told; where the list ends or tells what is not to be had, the uneventful one. */
export function givenChoices(given: readonly number[]): RecordedChoices {
  const picked: number[] = [];
  return {
    picked,
    pick(weights) {
      const wanted = given[picked.length] ?? 0;
      const index = (weights[wanted] ?? 0) > 0 ? wanted : weights.findIndex((weight) => weight > 0);
      picked.push(index);
      return index;
    },
  };
}

/** One of `options`, each as often as `weights` say; where there is but one, nothing is chosen. */
export function pickOne<T>(
  choices: Choices,
  options: readonly T[],
  weights: readonly number[] = options.map(() => 1),
): T {
  const picked = options[options.length === 1 ? 0 : choices.pick(weights)];
  if (picked === undefined) throw new Error('Nothing to choose from.');
  return picked;
}
