/** Figures of several rounds, compared within each: what slows a machine down for a while slows both down. */
import { median } from './tables.ts';

/** A figure for each round, in the order of the rounds. */
export function byRound<Row extends { readonly round: number }>(
  rows: readonly Row[],
  figure: (row: Row) => number,
): number[] {
  return rows.toSorted((a, b) => a.round - b.round).map(figure);
}

/** What is more than `floors`, round by round. */
export function over(figures: readonly number[], floors: readonly number[]): number[] {
  return figures.map((figure, round) => figure - (floors[round] ?? Number.NaN));
}

/** How many times `others`, round by round. */
export function ratios(figures: readonly number[], others: readonly number[]): number[] {
  return figures.map((figure, round) => figure / (others[round] ?? Number.NaN));
}

/**
 * The median of the ratios; undefined where in any round one took no more than its floor did: then noise is larger than
 * what is looked for, and a ratio would say nothing.
 */
export function medianRatio(figures: readonly number[], others: readonly number[]): number | undefined {
  if (figures.length === 0 || [...figures, ...others].some((figure) => !(figure > 0))) return;
  return median(ratios(figures, others));
}
