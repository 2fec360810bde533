/** What `npm test` runs: the suites that finish in some five minutes on two cores. `npm run test:all` runs the longer ones, too. */
import base from './jest.config.js';

export const LONGER = [
  '/test/faults/',
  '/bad-input\\.',
  '/linear-time\\.',
  '/exhaustive\\.',
  '/(?:lock-)?mutants\\.',
  '/many-users\\.',
  '/powertools/shared-table\\.',
  '/lean/(?:tls|connect-timeout)\\.',
  '/retry-storms\\.',
];

export default {
  ...base,
  projects: base.projects.map((project) => ({
    ...project,
    testPathIgnorePatterns: ['/node_modules/', ...LONGER],
  })),
};
