/**
 * Runs for a mutant no more than it takes: only the suites that have a test which reaches it, the quickest first, and
 * none after the first that fails. Stryker names the tests, but Jest would load all suites to find them, which takes
 * most of the time of most runs; and Jest's `bail` ends the process that Stryker calls it in.
 *
 * CommonJS, as `first-failure-environment.cjs` beside it, for Stryker's sake.
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { default: TestRunner } = require('jest-runner');

/** By path: the full names of a suite's tests, and how long it took. In Stryker's copy of this repository. */
const KNOWN_SUITES = 'known-suites.json';

module.exports = class FirstFailureRunner extends TestRunner {
  async runTests(tests, watcher, options) {
    const knownSuites = join(this._globalConfig.rootDir, KNOWN_SUITES);
    const results = new Map();
    const stopListening = this.on('test-file-success', ([test, result]) => results.set(test.path, result));
    const isMutantRun = process.env.__STRYKER_ACTIVE_MUTANT__ !== undefined;
    try {
      if (!isMutantRun) {
        await super.runTests(tests, watcher, options);
        writeFileSync(knownSuites, JSON.stringify(Object.fromEntries([...results].map(knownSuite))));
        return;
      }
      const known = JSON.parse(readFileSync(knownSuites, 'utf8'));
      for (const test of suitesFor(this._globalConfig.testNamePattern, tests, known)) {
        await super.runTests([test], watcher, options);
        const result = results.get(test.path);
        // Without a result it could not be run at all, which Stryker reports.
        if (result === undefined || result.numFailingTests > 0) return;
      }
    } finally {
      stopListening();
    }
  }
};

function knownSuite([path, { testResults, perfStats }]) {
  return [path, { names: testResults.map(({ fullName }) => fullName), runtimeMs: perfStats.runtime }];
}

/** A mutant in code that runs while a module is loaded comes without names: it concerns every suite. */
function suitesFor(testNamePattern, tests, known) {
  const pattern = new RegExp(testNamePattern || '', 'i');
  return tests
    .filter(({ path }) => known[path].names.some((name) => pattern.test(name)))
    .sort((a, b) => known[a.path].runtimeMs - known[b.path].runtimeMs);
}
