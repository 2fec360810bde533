import { parseArgs } from 'node:util';
import { ALL_CHECKS } from '../../lib/command-line/conform/all-checks.ts';
import { textReport } from '../../lib/command-line/conform/report.ts';
import { type Finding, runChecks } from '../../lib/command-line/conform/run-checks.ts';
import { CONTENDERS, settingsFor } from './contenders.ts';
import { type Column, conformPage } from './report.ts';

const { values } = parseArgs({
  options: { markdown: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help) {
  console.log(
    'Checks the sample API and two other implementations against the Idempotency-Key draft.\n\nUsage: npm run bench:conform -- [--markdown]',
  );
  process.exit(0);
}

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
  if (!values.markdown) console.log(`\n${name}\n${textReport(settingsFor(url), findings)}`);
}
if (values.markdown) process.stdout.write(conformPage(columns));
