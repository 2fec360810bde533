/** What can be run on each pair of versions, by the names that `--suite` takes, with Jest's configuration of it. */
export const SUITES = {
  all: './jest.config.js',
  quick: './jest.quick.config.js',
  'dynamodb-local': './jest.dynamodb-local.config.js',
  valkey: './jest.valkey.config.js',
  browser: './jest.browser.config.js',
} as const;

export type Suite = keyof typeof SUITES;

export const SUITE_NAMES = Object.keys(SUITES) as readonly Suite[];
