import {
  type FoundMutant,
  type MutantStatus,
  type MutationReport,
  mutantsOf,
  unjudged,
} from './mutation-report.ts';

/** The page that is kept as `docs/evidence/mutation-testing.md`. */
export function toMarkdown(report: MutationReport, conditions: Readonly<Record<string, string>>): string {
  const mutants = mutantsOf(report);
  const files = [...new Set(mutants.map(({ file }) => file))].sort();
  const tests = Object.values(report.testFiles ?? {}).reduce((sum, file) => sum + file.tests.length, 0);
  return `${[
    '# Mutation testing',
    '',
    'Printed by `npm run evidence:mutation` (see `test/mutation/`); not edited by hand.',
    '',
    ...Object.entries({ ...conditions, Tests: String(tests) }).map(([name, value]) => `- ${name}: ${value}`),
    '',
    'Stryker changes the code in one place at a time: a condition is turned round or made always true, a comparison loses its limit, a call or a block is left out, a text is emptied. Each such mutant is run against the tests. It is **killed** where one of them fails, and **timed out** where the code then never came to an end. A **survivor** is a change that no test notices: a missing test, or code that does nothing. **Excused** mutants are named with their reason in the code (`// Stryker disable next-line`) and listed below. The score is that of all others, and the run fails below 100.',
    '',
    '## By file',
    '',
    ...table([
      ['File', 'Mutants', 'Killed', 'Timed out', 'Survived', 'Excused', 'Score'],
      ...files.map((file) =>
        row(
          `\`${file}\``,
          mutants.filter((found) => found.file === file),
        ),
      ),
      row('**all**', mutants),
    ]),
    ...section('Excused', 'In each case the reason that stands in the code.', [
      ['Where', 'Mutants', 'Reason'],
      ...excuses(mutants),
    ]),
    ...section('Timed out', 'What the change was; the code as it is would have ended.', [
      ['Where', 'Mutator', 'Changed into'],
      ...mutants
        .filter(({ mutant }) => mutant.status === 'Timeout')
        .map(({ file, mutant }) => [
          where(file, mutant.location.start.line),
          mutant.mutatorName,
          code(mutant.replacement),
        ]),
    ]),
    ...section('Survived or not judged', 'These make the run fail.', [
      ['Where', 'Mutator', 'Changed into', 'Status'],
      ...mutants
        .filter((found) => unjudged(found) || isSurvivor(found))
        .map(({ file, mutant }) => [
          where(file, mutant.location.start.line),
          mutant.mutatorName,
          code(mutant.replacement),
          mutant.status,
        ]),
    ]),
  ].join('\n')}\n`;
}

function row(name: string, mutants: readonly FoundMutant[]): string[] {
  const count = (...statuses: readonly MutantStatus[]) =>
    mutants.filter(({ mutant }) => statuses.includes(mutant.status)).length;
  const noticed = count('Killed', 'Timeout');
  const asked = mutants.length - count('Ignored');
  return [
    name,
    String(mutants.length),
    String(count('Killed')),
    String(count('Timeout')),
    String(mutants.filter(isSurvivor).length),
    String(count('Ignored')),
    // Rounded down, so that 100 means all.
    asked === 0 ? '' : String(Math.floor((noticed / asked) * 1000) / 10),
  ];
}

function isSurvivor({ mutant }: FoundMutant): boolean {
  return mutant.status === 'Survived' || mutant.status === 'NoCoverage';
}

/** One row for a line and its reason, however many mutants the line has. */
function excuses(mutants: readonly FoundMutant[]): string[][] {
  const rows = new Map<
    string,
    { readonly place: string; readonly names: string[]; readonly reason: string }
  >();
  for (const { file, mutant } of mutants) {
    if (mutant.status !== 'Ignored') continue;
    const place = where(file, mutant.location.start.line);
    const reason = mutant.statusReason ?? '';
    const known = rows.get(place + reason) ?? { place, names: [], reason };
    known.names.push(mutant.mutatorName);
    rows.set(place + reason, known);
  }
  return [...rows.values()].map(({ place, names, reason }) => [place, names.join(', '), reason]);
}

function section(title: string, text: string, rows: readonly (readonly string[])[]): string[] {
  const body = rows.length === 1 ? ['None.'] : [text, '', ...table(rows)];
  return ['', `## ${title}`, '', ...body];
}

function where(file: string, line: number): string {
  return `\`${file}:${line}\``;
}

function code(text = ''): string {
  return `\`${text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 80)}\``;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const [head = '', ...body] = rows.map((cells) => `| ${cells.join(' | ')} |`);
  return [head, `|${' --- |'.repeat(rows[0]?.length ?? 0)}`, ...body];
}
