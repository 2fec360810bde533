import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startEngine } from '../../lib/local/engine.ts';
import { argumentsOrExit, wholeNumber } from '../../test/support/run-arguments.ts';
import { median, quantile } from '../tables.ts';
import { CONTENDERS } from './contenders.ts';
import type { VariantResult, VariantSettings } from './variant.ts';

const USAGE = `Measures how long contenders wait for one lock, and whether it is the same ones who get it.

Usage: npm run bench:lock-fairness -- [options]
  --contenders N  who ask again as soon as they have given it back (default 16)
  --rounds N      of each variant (default 3)
  --seconds N     of each round (default 10)
  --hold MS       for which it is held (default 20)
  --lease MS      of each variant (default 2000)
  --poll MS       of those that look again after a fixed time (default 50)
  --json          every round, as JSON`;

const VARIANT = fileURLToPath(new URL('./variant.ts', import.meta.url));
const { rounds, settings, json } = argumentsOrExit(
  USAGE,
  {
    contenders: { type: 'string', default: '16' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    hold: { type: 'string', default: '20' },
    lease: { type: 'string', default: '2000' },
    poll: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({
    rounds: wholeNumber('rounds', values.rounds, 1),
    settings: {
      contenders: wholeNumber('contenders', values.contenders, 1),
      durationMs: wholeNumber('seconds', values.seconds, 1) * 1000,
      holdMs: wholeNumber('hold', values.hold, 1),
      leaseMs: wholeNumber('lease', values.lease, 1),
      pollMs: wholeNumber('poll', values.poll, 1),
    },
    json: values.json,
  }),
);
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const names = Object.keys(CONTENDERS);
const results = new Map<string, VariantResult[]>(names.map((name) => [name, []]));
const engine = await startEngine();
try {
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? names : names.toReversed()) {
      process.stderr.write(`round ${round + 1} of ${rounds}, ${contender}\n`);
      const variant = {
        ...settings,
        contender,
        endpoint: engine.endpoint,
        tableName: `bench-${randomUUID()}`,
      };
      results.get(contender)?.push(await runVariant(variant));
    }
  }
} finally {
  await engine.stop();
}
report();

async function runVariant(variant: VariantSettings): Promise<VariantResult> {
  const args = ['--import', 'tsx', VARIANT, JSON.stringify(variant)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as VariantResult; // What the variant prints.
}

function report(): void {
  if (json) {
    console.log(
      JSON.stringify({ engine: engine.name, node: process.version, settings, results: [...results] }),
    );
    return;
  }
  const { contenders, holdMs, leaseMs, pollMs } = settings;
  console.log(
    `\n${engine.name}, Node ${process.version}: ${contenders} contenders, held for ${holdMs} ms, lease ${leaseMs} ms, polls every ${pollMs} ms; medians of ${rounds} rounds of ${settings.durationMs / 1000} s\n`,
  );
  console.log(
    '| | grants | wait, median | p99 | longest | grants of the least, the most served | requests a grant |\n| --- | --- | --- | --- | --- | --- | --- |',
  );
  for (const [name, ran] of results) {
    const of = (read: (result: VariantResult) => number) => median(ran.map(read));
    const most = Math.max(...ran.map(({ mostAtATime }) => mostAtATime));
    const sum = ({ grants }: VariantResult) => grants.reduce((total, count) => total + count, 0);
    const cells = [
      most > 1 ? `${name} (up to ${most} at a time)` : name,
      String(of(sum)),
      ms(of(({ waitsMs }) => quantile(waitsMs, 0.5))),
      ms(of(({ waitsMs }) => quantile(waitsMs, 0.99))),
      ms(of(({ waitsMs }) => Math.max(...waitsMs))),
      `${of(({ grants }) => Math.min(...grants))}, ${of(({ grants }) => Math.max(...grants))}`,
      of((result) => result.requests / Math.max(sum(result), 1)).toFixed(1),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

function ms(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(0)} ms`;
}
