import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { argumentsOrExit, wholeNumber } from '../../test/support/run-arguments.ts';
import { codecsMarkdown, type NodeFigures } from './report.ts';
import type { Figures } from './variant.ts';

const USAGE = `Compares what gzip, brotli and Zstandard make of recorded answers, and what they cost.

Usage: npm run bench:codecs -- [--node PATH]... [--rounds N] [--json]
  --node PATH   a Node to run in; may be repeated (default: this one)
  --rounds N    rounds, each with every Node once (default 5)
  --json        all raw rounds as JSON, instead of Markdown`;

const { paths, rounds, json } = argumentsOrExit(
  USAGE,
  {
    node: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({
    paths: values.node ?? [process.execPath],
    rounds: wholeNumber('rounds', values.rounds, 1),
    json: values.json,
  }),
);

const VARIANT = fileURLToPath(new URL('./variant.ts', import.meta.url));
const run = promisify(execFile);
const nodes: NodeFigures[] = [];
for (const path of paths) {
  const { stdout } = await run(path, ['--print', 'process.version']);
  nodes.push({ path, version: stdout.trim(), rounds: [] });
}
const folder = await mkdtemp(join(tmpdir(), 'codecs-'));
let read = 0;

async function runVariant(path: string, mode: string): Promise<string> {
  const args = ['--import', 'tsx', VARIANT, mode, folder];
  return (await run(path, args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

try {
  for (let round = 0; round < rounds; round++) {
    for (const node of round % 2 === 0 ? nodes : [...nodes].reverse()) {
      process.stderr.write(`\rround ${round + 1}/${rounds}  Node ${node.version}`.padEnd(50));
      const figures: Figures = JSON.parse(await runVariant(node.path, 'measure'));
      node.rounds.push(figures);
    }
  }
  // What any of them has written, each of them reads; it throws where one does not.
  for (const { path } of nodes) read += Number(await runVariant(path, 'read'));
} finally {
  process.stderr.write('\r'.padEnd(52).concat('\r'));
  await rm(folder, { recursive: true });
}

console.log(json ? JSON.stringify({ nodes, read }, null, 2) : codecsMarkdown(nodes, read));
