/**
 * What Stryker runs for each mutant of `lib/idempotency` and `lib/stores`: the suites that look at these folders and
 * take seconds. One flat configuration, since Stryker knows no `projects`, and no set-up, which would start an engine
 * for each mutant: `test/mutation/run.ts` starts one for them all.
 */
import { fileURLToPath } from 'node:url';
import { common } from './jest.config.js';

export default {
  ...common,
  // Stryker loads these by their names, without Jest's `<rootDir>`.
  runner: pathOf('test/mutation/first-failure-runner.cjs'),
  testEnvironment: pathOf('test/mutation/first-failure-environment.cjs'),
  // Not the whole sandbox: Jest looks through these folders again for each mutant.
  roots: ['<rootDir>/lib', '<rootDir>/test'],
  testMatch: [
    '<rootDir>/test/unit/{idempotency,stores}/**/*.test.ts',
    '<rootDir>/test/contract/**/*.test.ts',
    '<rootDir>/test/integration/stores/**/*.test.ts',
    '<rootDir>/test/integration/commit/refused-writes.test.ts',
    '<rootDir>/test/simulation/found-histories.test.ts',
  ],
  // As in jest.config.js, if not for as long: a test that fails for want of time on a busy machine would seem to have
  // noticed the mutant. One that waits for what never comes takes this long to be noticed.
  testTimeout: 20_000,
  // Slow to load, and it looks at other middlewares rather than at ours.
  testPathIgnorePatterns: ['/node_modules/', '/middleware-neighbours\\.'],
};

function pathOf(file) {
  return fileURLToPath(new URL(file, import.meta.url));
}
