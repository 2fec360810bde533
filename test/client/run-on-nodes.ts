/**
 * The client's suites on each Node that it promises to run on, whichever runs this. npm brings them, as its package `node`.
 *
 *     npm run test:client:node            # 20, 22 and 24
 *     npm run test:client:node -- 22      # one
 */
import { execFileSync, spawnSync } from 'node:child_process';

const VERSIONS = ['20', '22', '24'];
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--config',
  'jest.config.js',
  'test/client',
  'test/docs/client-size',
  'test/docs/retry-storms',
  // The counts of a whole run stay what they are. Last, since it takes all that follows.
  '--reporters=default',
];

const asked = process.argv.slice(2);
const unknown = asked.filter((version) => !VERSIONS.includes(version));
if (unknown.length > 0) throw new Error(`Not among ${VERSIONS.join(', ')}: ${unknown.join(', ')}`);

for (const version of asked.length > 0 ? asked : VERSIONS) {
  const npx = ['--yes', '--package', `node@${version}`, '--', 'node', '--print', 'process.execPath'];
  const node = execFileSync('npx', npx, { encoding: 'utf8' }).trim();
  const found = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  if (!found.startsWith(`v${version}.`)) throw new Error(`npm brought ${found} for Node ${version}.`);
  console.log(`\n== Node ${found}`);
  const { status } = spawnSync(node, JEST, { stdio: 'inherit' });
  // The first failure ends it: the others would only bury it.
  if (status !== 0) process.exit(status ?? 1);
}
