/** One of the other configurations with the Middy that `npm run test:versions` is at, and with counts of its own. */
const { TEST_CONFIGURATION: configuration, TEST_MIDDY: middy, TEST_COUNTS_FILE: file } = process.env;

export default async function versionsConfiguration() {
  if (configuration === undefined || middy === undefined || file === undefined) {
    throw new Error('This configuration is for `npm run test:versions`, which says what to run.');
  }
  const { default: base } = await import(configuration);
  return {
    ...base,
    reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { file }]],
    projects: base.projects.map((project) => ({
      ...project,
      moduleNameMapper: { '^@middy/core$': `middy${middy}` },
    })),
  };
}
