/** What happened in one schedule, in order, as a person can read it. */
export interface HistoryLine {
  readonly atMs: number;
  /** Number of the invocation, or undefined for the world at large. */
  readonly actor: number | undefined;
  readonly text: string;
}

/** A time line with a column for each actor; `named` is what they are. */
export function timeLine(lines: readonly HistoryLine[], named = 'send'): string {
  const start = lines[0]?.atMs ?? 0;
  return lines
    .map(({ atMs, actor, text }) => {
      const time = `${atMs - start} ms`.padStart(10);
      const who = (actor === undefined ? '' : `${named} ${actor}`).padEnd(named.length + 6);
      return `${time}  ${who}${'    '.repeat(actor ?? 0)}${text}`;
    })
    .join('\n');
}
