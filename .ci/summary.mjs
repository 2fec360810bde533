/** Adds up the counts of the test runs; the last line is for machines to read. A run without a test is a failure. */
import { readFileSync } from 'node:fs';

const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
  const counts = JSON.parse(readFileSync(file, 'utf8'));
  console.log(`${file}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.passed === 0 || counts.failed > 0) process.exitCode = 1;
  for (const name of Object.keys(total)) total[name] += counts[name];
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
