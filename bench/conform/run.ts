import { ALL_CHECKS } from '../../lib/command-line/conform/all-checks.ts';
import { textReport } from '../../lib/command-line/conform/report.ts';
import { type Finding, runChecks } from '../../lib/command-line/conform/run-checks.ts';
import { argumentsOrExit } from '../../test/support/run-arguments.ts';
import { CONTENDERS, settingsFor } from './contenders.ts';
import { type Column, conformPage } from './report.ts';

const USAGE = `Checks the sample API and two other implementations against the Idempotency-Key draft.

Usage: npm run bench:conform -- [--markdown]`;

const { markdown } = argumentsOrExit(
  USAGE,
  {
    markdown: { type: 'boolean', default: false },
  },
  (values) => values,
);

const columns: Column[] = [];
for (const { name, start } of CONTENDERS) {
  const { url, stop } = await start();
  let findings: readonly Finding[];
  try {
    findings = await runChecks(settingsFor(url), ALL_CHECKS);
  } finally {
    await stop();
  }
  columns.push({ name, findings });
  if (!markdown) console.log(`\n${name}\n${textReport(settingsFor(url), findings)}`);
}
if (markdown) process.stdout.write(conformPage(columns));
