import { argumentsOrExit, wholeNumber } from '../../test/support/run-arguments.ts';
import { measureRecovery } from './measure.ts';
import { recoveryMarkdown } from './report.ts';

const USAGE = `Measures for how long a key stays locked after a crash, beside Powertools.

Usage: npm run bench:recovery -- [--rounds N] [--timeout MS] [--renewed MS,MS] [--json]
  --rounds N         how often each variant is killed (default 5)
  --timeout MS       time-out of the function (default 12000)
  --renewed MS,MS    lengths of renewed leases (default 3000,6000)
  --json             every round, as JSON`;

const { json, ...asked } = argumentsOrExit(
  USAGE,
  {
    rounds: { type: 'string', default: '5' },
    timeout: { type: 'string', default: '12000' },
    renewed: { type: 'string', default: '3000,6000' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({
    rounds: wholeNumber('rounds', values.rounds, 1),
    timeoutMs: wholeNumber('timeout', values.timeout, 1),
    renewedMs: values.renewed.split(',').map((text) => wholeNumber('renewed', text, 1)),
    json: values.json,
  }),
);

const run = await measureRecovery(asked);
console.log(json ? JSON.stringify(run, null, 2) : recoveryMarkdown(run));
