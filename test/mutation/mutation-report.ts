/** Stryker's JSON report, as far as it is read here (mutation-testing-report-schema, version 2). */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
  readonly testFiles?: Readonly<Record<string, { readonly tests: readonly unknown[] }>>;
}

export interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: MutantStatus;
  /** Of an ignored one: the reason beside `Stryker disable` in the code. */
  readonly statusReason?: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

export type MutantStatus =
  | 'Killed'
  | 'Timeout'
  | 'Survived'
  | 'NoCoverage'
  | 'Ignored'
  | 'RuntimeError'
  | 'CompileError'
  | 'Pending';

interface Position {
  readonly line: number;
  readonly column: number;
}

export interface FoundMutant {
  readonly file: string;
  readonly mutant: Mutant;
}

export function mutantsOf(report: MutationReport): FoundMutant[] {
  return Object.entries(report.files).flatMap(([file, { mutants }]) =>
    mutants.map((mutant) => ({ file, mutant })),
  );
}

/** Neither noticed nor missed: the test runner broke, or nothing was run. */
export function unjudged({ mutant }: FoundMutant): boolean {
  return ['RuntimeError', 'CompileError', 'Pending'].includes(mutant.status);
}
