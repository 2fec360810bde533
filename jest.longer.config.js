/** What `npm test` leaves out, alone: with it, it makes `npm run test:all`. */
import base from './jest.config.js';
import { LONGER } from './jest.quick.config.js';

export default {
  ...base,
  reporters: ['default', ['<rootDir>/test/support/count-reporter.js', { file: 'reports/jest-longer.json' }]],
  projects: base.projects.map((project) => ({
    ...project,
    testPathIgnorePatterns: ['/node_modules/', `^(?!.*(?:${LONGER.join('|')}))`],
  })),
};
