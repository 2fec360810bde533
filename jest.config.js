/** Two projects: what needs only npm, and what needs Amazon's DynamoDB Local (Java). */
// On Node 20 the SDK warns that its versions of 2027 and later will not run there; the one in use does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  // Stryker's copies of this repository, while it runs.
  modulePathIgnorePatterns: ['<rootDir>/.stryker-tmp/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
};

// Most suites wait for processes and engines: a worker a core, rather than Jest's one fewer.
export default {
  maxWorkers: '100%',
  // Large results and whole invocations against a real engine, on a machine that may be busy with other things.
  testTimeout: 30_000,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { file: 'reports/jest.json' }]],
  projects: [
    {
      ...common,
      displayName: 'npm',
      testMatch: [
        '<rootDir>/test/{unit,contract,integration,http,client,faults,security,simulation,chaos,cdk,docs}/**/*.test.ts',
      ],
      globalSetup: '<rootDir>/test/support/embedded-engine-setup.ts',
      globalTeardown: '<rootDir>/test/support/embedded-engine-teardown.ts',
    },
  ],
};
