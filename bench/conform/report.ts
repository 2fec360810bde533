import { DRAFT, type Level } from '../../lib/command-line/conform/check.ts';
import { countsOf, type Finding } from '../../lib/command-line/conform/run-checks.ts';
import { markdownTable } from '../tables.ts';

export interface Column {
  readonly name: string;
  readonly findings: readonly Finding[];
}

export function conformPage(columns: readonly Column[]): string {
  return `# What three implementations answer

Printed by \`npm run evidence:conform\` (see \`bench/conform/\`); not edited by hand. A cell that says more than "pass" says what came
instead. What they are and how they are used, and what of it is ours, says \`bench/conform/README.md\`: of \`@node-idempotency/core\`
statuses and bodies of errors are. A difference from the draft need not be a fault. [docs/conform.md](../conform.md) says how to have the same for an API of one's own.

## What the draft asks for

${DRAFT}; the sections are those of its text.

${table(columns, 'draft')}

## What this library answers beyond it

Nobody else has to.

${table(columns, 'profile')}
`;
}

function table(columns: readonly Column[], level: Level): string {
  const own = columns.map(({ findings }) => findings.filter((finding) => finding.level === level));
  const rows = (own[0] ?? []).map(({ id, source, title }, index) => [
    source,
    `\`${id}\``,
    title,
    ...own.map((findings) => cell(findings[index])),
  ]);
  const sums = own.map((findings) => {
    const { pass } = countsOf(findings, level);
    return `**${pass} of ${findings.length}**`;
  });
  return markdownTable(
    ['source', 'check', 'what is right', ...columns.map(({ name }) => name)],
    [...rows, ['', '', 'pass', ...sums]],
  );
}

function cell(finding: Finding | undefined): string {
  if (finding === undefined) return '';
  const { outcome, detail } = finding;
  return outcome === 'pass' ? 'pass' : `**${outcome}**: ${detail ?? ''}`;
}
