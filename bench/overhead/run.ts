import { argumentsOrExit, wholeNumber } from '../../test/support/run-arguments.ts';
import { measureOverhead } from './measure.ts';
import { overheadMarkdown } from './report.ts';

const USAGE = `Compares the cost of an invocation: bare handler, raw SDK calls, this library, Powertools.

Usage: npm run bench:overhead -- [--rounds N] [--invocations N] [--json]
  --rounds N        rounds, each with every variant once (default 7)
  --invocations N   counted invocations per variant and round over the engine (default 400); 20 times as many over a
                    client that answers at once
  --json            all raw rounds as JSON, instead of Markdown`;

const { rounds, invocations, json } = argumentsOrExit(
  USAGE,
  {
    rounds: { type: 'string', default: '7' },
    invocations: { type: 'string', default: '400' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({
    rounds: wholeNumber('rounds', values.rounds, 1),
    invocations: wholeNumber('invocations', values.invocations, 1),
    json: values.json,
  }),
);

const run = await measureOverhead({
  instant: { rounds, invocations: invocations * 20 },
  engine: { rounds, invocations },
});
console.log(json ? JSON.stringify(run, null, 2) : overheadMarkdown(run));
