const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** `in 12 s`, `3 h ago`: in the largest unit of which there are two or more. */
export function fromNow(atMs: number, nowMs: number): string {
  const distance = Math.abs(atMs - nowMs);
  const [name, ms] = UNITS.find(([, unitMs]) => distance >= 2 * unitMs) ?? ['s', 1_000];
  const count = Math.round(distance / ms);
  return atMs > nowMs ? `in ${count} ${name}` : `${count} ${name} ago`;
}
