/** A search that finds nothing shorter for so many tries is at its end. */
const TRIES_MAX = 5_000;

/** Leaves out what can be left out, and makes uneventful what can be, one choice after another, while `stillBreaks`. */
export async function calm(
  found: readonly number[],
  stillBreaks: (candidate: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  let best = found;
  let tries = 0;
  const breaks = (candidate: readonly number[]): Promise<boolean> => {
    tries += 1;
    return stillBreaks(candidate);
  };

  for (let improved = true; improved && tries < TRIES_MAX; ) {
    improved = false;
    for (let length = 8; length >= 1; length = Math.floor(length / 2)) {
      for (let start = 0; start + length <= best.length && tries < TRIES_MAX; start += 1) {
        const without = [...best.slice(0, start), ...best.slice(start + length)];
        if (await breaks(without)) {
          best = without;
          improved = true;
        }
      }
    }
    for (let index = 0; index < best.length && tries < TRIES_MAX; index += 1) {
      const picked = best[index] ?? 0;
      for (const calmer of [0, picked - 1]) {
        if (calmer < 0 || calmer >= picked || !(await breaks(best.with(index, calmer)))) continue;
        best = best.with(index, calmer);
        improved = true;
        break;
      }
    }
  }
  return best;
}
