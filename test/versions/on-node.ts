/**
 * A script of package.json on another Node than the one that npm runs on.
 *
 *     npm run on-node -- 24 simulate --schedules 1000
 */
import { spawnSync } from 'node:child_process';
import { environmentOf, nodeOf } from './node-of.ts';
import { NODES } from './supported.ts';

const [major, script, ...args] = process.argv.slice(2);
const node = NODES.find((one) => one === major);
if (node === undefined || script === undefined) {
  console.error(`Usage: npm run on-node -- ${NODES.join('|')} SCRIPT [options of the script]`);
  process.exit(2);
}
const installed = nodeOf(node);
console.error(`== Node ${installed.version}: ${script}`);
const { status } = spawnSync('npm', ['run', script, '--', ...args], {
  stdio: 'inherit',
  env: environmentOf(installed),
});
process.exit(status ?? 1);
