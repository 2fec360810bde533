/** The suites that need a Valkey or Redis server: `npm run test:valkey`. Without one they fail. */
import base from './jest.config.js';

export default {
  ...base,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { file: 'reports/jest-valkey.json' }]],
  projects: base.projects.map((project) => ({
    ...project,
    displayName: 'valkey',
    testMatch: ['<rootDir>/test/valkey/**/*.test.ts'],
  })),
};
