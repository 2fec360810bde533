/**
 * The suites that talk to a database, on Amazon's own DynamoDB Local (Java). A machine that cannot run it fails
 * here: set-up throws, and nothing is skipped.
 */
import base from './jest.config.js';

process.env.TEST_ENGINE = 'dynamodb-local';

export default {
  ...base,
  reporters: [
    'default',
    ['<rootDir>/test/support/count-reporter.js', { file: 'reports/jest-dynamodb-local.json' }],
  ],
  projects: base.projects.map((project) => ({
    ...project,
    displayName: 'dynamodb-local',
    testMatch: ['<rootDir>/test/{contract,integration,http,faults}/**/*.test.ts'],
  })),
};
