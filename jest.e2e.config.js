/** What `npm run e2e` runs: the black-box suite of a deployed sample, whose URL is in `BASE_URL`. */
import { common } from './jest.config.js';

export default {
  testTimeout: 60_000,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { file: 'reports/jest-e2e.json' }]],
  projects: [{ ...common, displayName: 'deployed', testMatch: ['<rootDir>/test/e2e/**/*.test.ts'] }],
};
