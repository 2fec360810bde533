import { markdownTable } from './tables.ts';

export interface Target {
  readonly what: string;
  readonly atMost: number;
  /** Absent where noise is larger than what is looked for. */
  readonly measured: number | undefined;
}

/** Whether each target is met is computed here, and nowhere written by hand. */
export function targetsMarkdown(targets: readonly Target[]): string {
  return markdownTable(
    ['target', 'bound', 'measured', ''],
    targets.map(({ what, atMost, measured }) => [
      what,
      `at most ${atMost}`,
      measured?.toFixed(2) ?? 'below noise',
      measured === undefined ? 'undecided' : measured <= atMost ? 'met' : 'not met',
    ]),
  );
}
