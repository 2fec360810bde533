/** Jest reporter: leaves the counts of a run in a file, for .ci/summary.mjs to add up. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export default class CountReporter {
  constructor(_globalConfig, { file }) {
    this.file = file;
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    mkdirSync(dirname(this.file), { recursive: true });
    // A suite that could not be loaded has no tests to count, and is a failure all the same.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    writeFileSync(this.file, JSON.stringify({ passed: numPassedTests, failed, skipped: numPendingTests }));
  }
}
