/** What `npm run test:versions` asks for is what its tests, and the processes that they start, are run with. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { childEnvironment } from '../../support/child-environment.ts';
import { middyInUse } from '../../versions/middy-in-use.ts';

const run = promisify(execFile);
const PRINT_MIDDY = fileURLToPath(new URL('../../versions/print-middy.ts', import.meta.url));

// Without these, the Node that is there, and the installed `@middy/core`.
const [runningNode = ''] = process.versions.node.split('.');
const asked = { node: process.env['TEST_NODE'] ?? runningNode, middy: process.env['TEST_MIDDY'] ?? '6' };

test('the tests run on the Node and with the Middy that are asked for', () => {
  expect({ node: runningNode, middy: middyInUse() }).toEqual(asked);
});

describe.each([
  ['on this Node', process.execPath],
  ['on the Node of the path', 'node'],
])('a process that a test starts %s', (_description, node) => {
  test('has both as well', async () => {
    const { stdout } = await run(node, ['--import', 'tsx', PRINT_MIDDY], { env: childEnvironment() });
    expect(JSON.parse(stdout)).toEqual(asked);
  });
});
