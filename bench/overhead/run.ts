import { parseArgs } from 'node:util';
import { measureOverhead } from './measure.ts';
import { overheadMarkdown } from './report.ts';

const USAGE = `Compares the cost of an invocation: bare handler, raw SDK calls, this library, Powertools.

Usage: npm run bench:overhead -- [--rounds N] [--invocations N] [--json]
  --rounds N        rounds, each with every variant once (default 7)
  --invocations N   counted invocations per variant and round (default 400)
  --json            all raw rounds as JSON, instead of Markdown`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    invocations: { type: 'string', default: '400' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const run = await measureOverhead({ rounds: Number(values.rounds), invocations: Number(values.invocations) });
console.log(values.json ? JSON.stringify(run, null, 2) : overheadMarkdown(run));
