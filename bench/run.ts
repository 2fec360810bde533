import { mkdirSync, writeFileSync } from 'node:fs';
import { argumentsOrExit, oneOf } from '../test/support/run-arguments.ts';
import { NODES } from '../test/versions/supported.ts';
import { measureColdStart } from './cold-start/measure.ts';
import { measureLatency } from './latency/measure.ts';
import { measureLocks } from './locks/measure.ts';
import { thisMachine } from './machine.ts';
import { measureMemory } from './memory/measure.ts';
import { measureOverhead } from './overhead/measure.ts';
import { benchmarksMarkdown, type Measured, type Run, SECTION_NAMES, type SectionName } from './page.ts';
import { measureRecovery } from './recovery/measure.ts';
import { fileOf, keptRuns, PAGE } from './runs.ts';
import { measureUnits } from './units/measure.ts';

const USAGE = `Measures, and writes docs/benchmarks.md and the rounds it was made from.

Usage: npm run bench -- [--only NAME,...] [--quick [--keep]] [--soak-minutes N] [--json]
  --only NAME,...  these sections; the others stay as they are (${SECTION_NAMES.join(', ')})
  --quick          a small run, printed and not written
  --keep           writes a quick run as well; the page says so with its command
  --soak-minutes N of the memory section (default 10; 0.5 of a quick run)
  --json           what was measured, as JSON`;

const { only, quick, keep, soakMinutes, json } = argumentsOrExit(
  USAGE,
  {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    'soak-minutes': { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  (values) => {
    const soakText = values['soak-minutes'];
    const soakMinutes = soakText === undefined ? undefined : Number(soakText);
    if (soakMinutes !== undefined && !(soakMinutes >= 0.5)) {
      throw new Error(`--soak-minutes takes a number of at least 0.5, and not "${soakText}".`);
    }
    const only = values.only?.split(',').map((name) => oneOf('only', name, SECTION_NAMES));
    return { ...values, only, soakMinutes };
  },
);

/** What each section measures, in the size of a quick run and of a whole one. */
const SECTIONS: { readonly [Name in SectionName]: (quick: boolean) => Promise<Measured[Name]> } = {
  overhead: (quick) =>
    measureOverhead(
      quick
        ? { instant: { rounds: 3, invocations: 2000 }, engine: { rounds: 3, invocations: 50 } }
        : { instant: { rounds: 7, invocations: 20_000 }, engine: { rounds: 5, invocations: 1000 } },
    ),
  'cold-start': (quick) =>
    measureColdStart(quick ? { rounds: 3, nodes: ['20'] } : { rounds: 15, nodes: NODES }),
  latency: (quick) =>
    measureLatency(
      quick
        ? { rounds: 1, durationMs: 500, callers: [1, 64] }
        : { rounds: 3, durationMs: 3000, callers: [1, 16, 64, 256] },
    ),
  units: (quick) => measureUnits({ kilobytes: quick ? [1, 16] : [1, 4, 16, 64, 256, 512] }),
  memory: (quick) =>
    measureMemory({
      ...(quick ? { rounds: 1, invocations: 2_000 } : { rounds: 5, invocations: 10_000 }),
      soakMinutes: soakMinutes ?? (quick ? 0.5 : 10),
    }),
  recovery: (quick) =>
    measureRecovery(
      quick
        ? { rounds: 1, timeoutMs: 3000, renewedMs: [1000] }
        : { rounds: 5, timeoutMs: 12_000, renewedMs: [3000, 6000] },
    ),
  locks: (quick) => measureLocks(quick ? { rounds: 1, durationMs: 2000 } : { rounds: 5, durationMs: 5000 }),
};

const flags = [
  ...(only === undefined ? [] : ['--only', only.join(',')]),
  ...(quick ? ['--quick'] : []),
  ...(keep ? ['--keep'] : []),
  ...(soakMinutes === undefined ? [] : ['--soak-minutes', String(soakMinutes)]),
];
const isWritten = !quick || keep;
const runs: Partial<Record<SectionName, Run<unknown>>> = {};
for (const name of SECTION_NAMES.filter((known) => only?.includes(known) ?? true)) {
  runs[name] = {
    date: new Date().toISOString().slice(0, 10),
    command: ['npm run bench', ...(flags.length > 0 ? ['--', ...flags] : [])].join(' '),
    machine: thisMachine(),
    measured: await SECTIONS[name](quick),
  };
}
// Each section measures what its part of the page takes; the table above does not carry that in its type.
const measured = { ...(isWritten ? keptRuns() : {}), ...runs } as Parameters<typeof benchmarksMarkdown>[0];
if (isWritten) {
  mkdirSync(new URL('.', fileOf('overhead')), { recursive: true });
  for (const name of SECTION_NAMES) {
    if (runs[name]) writeFileSync(fileOf(name), `${JSON.stringify(runs[name], null, 2)}\n`);
  }
  writeFileSync(PAGE, benchmarksMarkdown(measured));
}
console.log(json ? JSON.stringify(runs, null, 2) : benchmarksMarkdown(measured));
