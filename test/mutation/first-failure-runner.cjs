/**
 * Runs for a mutant no more than it takes: only the suites that have a test which reaches it, those first that notice the
 * most mutants in a second, and none after the first that fails. Stryker names the tests, but Jest would load all suites to find them, which takes
 * most of the time of most runs; and Jest's `bail` ends the process that Stryker calls it in.
 *
 * CommonJS, as `first-failure-environment.cjs` beside it, for Stryker's sake.
 */
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { default: TestRunner } = require('jest-runner');

/** By path: the full names of a suite's tests, and how long it took. In Stryker's copy of this repository. */
const KNOWN_SUITES = 'known-suites.json';

const NOTICED = `noticed-by-suite-${process.env.STRYKER_MUTATOR_WORKER ?? '0'}.json`;

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
      const noticed = new Noticed(join(this._globalConfig.rootDir, NOTICED));
      for (const test of suitesFor(this._globalConfig.testNamePattern, tests, known, noticed)) {
        await super.runTests([test], watcher, options);
        const result = results.get(test.path);
        // Without a result it could not be run at all, which Stryker reports.
        const isNoticed = result === undefined || result.numFailingTests > 0;
        noticed.add(test.path, isNoticed);
        if (isNoticed) return;
      }
    } finally {
      stopListening();
    }
  }
};

function knownSuite([path, { testResults, perfStats }]) {
  return [path, { names: testResults.map(({ fullName }) => fullName), runtimeMs: perfStats.runtime }];
}

/**
 * By path: for how many mutants a suite was run so far, and how many of them it has noticed. A file for each worker, whose
 * process Stryker replaces now and then. It decides the order of the suites and nothing else.
 */
class Noticed {
  #file;
  #bySuite;

  constructor(file) {
    this.#file = file;
    this.#bySuite = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  }

  add(path, isNoticed) {
    const { runs, mutants } = this.#of(path);
    this.#bySuite[path] = { runs: runs + 1, mutants: mutants + (isNoticed ? 1 : 0) };
    writeFileSync(this.#file, JSON.stringify(this.#bySuite));
  }

  /** Mutants in a millisecond, to be expected by what was seen so far; of a suite that was never run, every second one. */
  yieldOf(path, { runtimeMs }) {
    const { runs, mutants } = this.#of(path);
    return (mutants + 1) / (runs + 2) / Math.max(runtimeMs, 1);
  }

  #of(path) {
    return this.#bySuite[path] ?? { runs: 0, mutants: 0 };
  }
}

/** A mutant in code that runs while a module is loaded comes without names: it concerns every suite. */
function suitesFor(testNamePattern, tests, known, noticed) {
  const pattern = new RegExp(testNamePattern || '', 'i');
  return tests
    .filter(({ path }) => known[path].names.some((name) => pattern.test(name)))
    .sort((a, b) => noticed.yieldOf(b.path, known[b.path]) - noticed.yieldOf(a.path, known[a.path]));
}
