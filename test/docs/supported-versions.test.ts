/** The supported versions are said in package.json, in the README and by the tests that run on them: everywhere the same. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import {
  LOWEST_NODE,
  LOWEST_NODE_VERSION,
  MIDDYS,
  type MiddyMajor,
  NODES,
  SUPPORTED_PAIRS,
  TESTED_PAIRS,
} from '../versions/supported.ts';

const manifest = read('package.json');
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

function read(file: string) {
  return JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
}

const installed = (middy: MiddyMajor) => read(`node_modules/middy${middy}/package.json`);

test('package.json asks for them', () => {
  expect(manifest.engines.node).toBe(`>=${LOWEST_NODE_VERSION}`);
  expect(manifest.peerDependencies['@middy/core']).toBe(MIDDYS.map((major) => `^${major}.0.0`).join(' || '));
  expect(manifest.devDependencies['@middy/core']).toBe(installed('6').version);
});

test.each(MIDDYS)('Middy %s is installed, and asks for the Node that it is paired with', (middy) => {
  const { name, version, engines } = installed(middy);
  expect([name, version.split('.')[0], engines.node]).toEqual([
    '@middy/core',
    middy,
    `>=${LOWEST_NODE[middy]}`,
  ]);
});

test('the README has a row for each Node', () => {
  const [, table = ''] =
    /\| Node \| Middy \| the whole suite runs with \|\n\| --- \| --- \| --- \|\n((?:\|.*\n)+)/.exec(readme) ??
    [];
  const rows = NODES.map((node) => {
    const of = (pairs: typeof SUPPORTED_PAIRS) =>
      pairs.filter((pair) => pair.node === node).map(({ middy }) => middy);
    return `| ${node} | ${of(SUPPORTED_PAIRS).join(', ')} | ${of(TESTED_PAIRS).join(', ')} |\n`;
  });
  expect(table).toBe(rows.join(''));
  expect(readme).toContain(`Works with \`@middy/core\` ${MIDDYS.join(' and ')}.`);
  expect(readme).toContain(`Both need only Node ${LOWEST_NODE_VERSION} or later and npm.`);
});

test('every Node and every Middy is tested, each Middy on the lowest Node that it runs on', () => {
  expect([...new Set(TESTED_PAIRS.map(({ node }) => node))]).toEqual(NODES);
  for (const middy of MIDDYS) expect(TESTED_PAIRS).toContainEqual({ node: LOWEST_NODE[middy], middy });
  for (const pair of TESTED_PAIRS) expect(SUPPORTED_PAIRS).toContainEqual(pair);
});
