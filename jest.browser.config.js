/** The suites that need Chromium: `npm run test:browser`. Without one they fail. */
import base from './jest.config.js';

export default {
  ...base,
  // One browser at a time: each brings processes of its own.
  maxWorkers: 1,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { file: 'reports/jest-browser.json' }]],
  projects: base.projects.map((project) => ({
    ...project,
    displayName: 'browser',
    testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
  })),
};
