/** Two projects: what needs only npm, and what needs Amazon's DynamoDB Local (Java). */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
};

export default {
  projects: [
    {
      ...common,
      displayName: 'npm',
      testMatch: ['<rootDir>/test/{unit,contract,integration,http,cdk}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/embedded-engine-setup.ts',
      globalTeardown: '<rootDir>/test/support/embedded-engine-teardown.ts',
    },
  ],
};
