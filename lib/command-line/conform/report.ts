/** What was found, for people and for programs. */
import { columns } from '../columns.ts';
import { DRAFT, type Level } from './check.ts';
import { type Counts, countsOf, type Finding } from './run-checks.ts';
import type { ConformSettings } from './settings.ts';

const HEADINGS: Readonly<Record<Level, string>> = {
  draft: `What the draft asks for (${DRAFT})`,
  profile: 'What this library answers beyond it (docs/conform.md)',
};

export function textReport(settings: ConformSettings, findings: readonly Finding[]): string {
  const sections = (['draft', 'profile'] as const)
    .filter((level) => findings.some((finding) => finding.level === level))
    .map((level) => `\n${HEADINGS[level]}\n${table(findings.filter((finding) => finding.level === level))}`);
  const summary = (['draft', 'profile'] as const)
    .map((level) => `${level}: ${inWords(countsOf(findings, level))}`)
    .join('\n');
  return `${settings.method} ${settings.url}\n${sections.join('')}\n${summary}\n`;
}

function table(findings: readonly Finding[]): string {
  return columns(
    findings.flatMap(({ outcome, source, id, title, detail }) => [
      [outcome === 'fail' ? 'FAIL' : outcome, section(source), id, title],
      ...(detail === undefined ? [] : [['', '', '', `  ${detail}`]]),
    ]),
  );
}

/** Sections of the draft by their sign; other documents by name. */
function section(source: string): string {
  return /^\d/.test(source) ? `\u00a7 ${source}` : source;
}

function inWords({ pass, fail, unclear }: Counts): string {
  return `${pass} pass, ${fail} fail, ${unclear} unclear`;
}

export function jsonReport(
  settings: ConformSettings,
  findings: readonly Finding[],
  conforms: boolean,
): string {
  const summary = { draft: countsOf(findings, 'draft'), profile: countsOf(findings, 'profile') };
  const { method, url } = settings;
  return `${JSON.stringify({ method, url, draft: DRAFT, conforms, summary, checks: findings }, null, 2)}\n`;
}

/** The form that CI systems read: a suite a level, a case a check; what is unclear counts as skipped there. */
export function junitReport(findings: readonly Finding[]): string {
  const suites = (['draft', 'profile'] as const).map((level) => {
    const own = findings.filter((finding) => finding.level === level);
    const { fail, unclear } = countsOf(own, level);
    const cases = own.map(junitCase).join('');
    return `  <testsuite name="${level}" tests="${own.length}" failures="${fail}" errors="0" skipped="${unclear}">\n${cases}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="conform">\n${suites.join('')}</testsuites>\n`;
}

function junitCase({ id, title, source, level, outcome, detail = '' }: Finding): string {
  const head = `    <testcase classname="${level}.${escaped(id)}" name="${escaped(`${title} (${section(source)})`)}"`;
  if (outcome === 'pass') return `${head}/>\n`;
  const element = outcome === 'fail' ? 'failure' : 'skipped';
  return `${head}>\n      <${element} message="${escaped(detail)}"/>\n    </testcase>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  // Control characters, which XML 1.0 cannot hold (section 2.2), come from error messages of servers and sockets.
  return text.replace(/[^\P{Cc}\t\n\r]/gu, '?').replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? '');
}
