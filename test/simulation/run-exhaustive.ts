import { argumentsOrExit, oneOf, wholeNumber } from '../support/run-arguments.ts';
import { smallWorld } from './bounds.ts';
import { givenChoices } from './choices.ts';
import { exploreAll } from './exhaustive.ts';
import { timeLine } from './history.ts';
import { KNOWN_COUNTS } from './known-counts.ts';
import { runSchedule } from './schedule.ts';
import { WORKS } from './world.ts';

const USAGE = `Runs the library through every schedule of a small world and checks every promise after every step.

Usage: npm run simulate:exhaustive -- [--attempts N] [--crashes N] [--faults N] [--wait-ms N]
         [--work WORK] [--json]
  --attempts N   requests that meet (default 2)
  --crashes N    of them that may crash, between any two steps (default 1)
  --faults N     store requests that may be refused, be delayed, or lose their reply (default 1)
  --wait-ms N    for how long a duplicate waits; each pause multiplies the schedules (default 0: it is refused)
  --work WORK    what the handler does: effect, commit, steps, 'single write' or 'home step' (default effect)
  --json         the counts as JSON on standard output

Ends with 0 if every promise held and the counts are those of known-counts.ts, where it has this world; with 1 and a
time line if a promise was broken.`;

const { attempts, crashes, faults, waitMs, work, json } = argumentsOrExit(
  USAGE,
  {
    attempts: { type: 'string', default: '2' },
    crashes: { type: 'string', default: '1' },
    faults: { type: 'string', default: '1' },
    'wait-ms': { type: 'string', default: '0' },
    work: { type: 'string', default: 'effect' },
    json: { type: 'boolean', default: false },
  },
  (values) => ({
    attempts: wholeNumber('attempts', values.attempts, 1),
    crashes: wholeNumber('crashes', values.crashes, 0),
    faults: wholeNumber('faults', values.faults, 0),
    waitMs: wholeNumber('wait-ms', values['wait-ms'], 0),
    work: oneOf('work', values.work, WORKS),
    json: values.json,
  }),
);
const PROGRESS_EVERY = 20_000;

for (const onUncertain of ['retry', 'block'] as const) {
  const bounds = smallWorld(attempts, crashes, faults, onUncertain, work, waitMs > 0 ? { waitMs } : 'reject');
  let ran = 0;
  const { states, histories, joined, violation, picked } = await exploreAll(bounds, {
    onProgress: () => {
      ran += 1;
      if (ran % PROGRESS_EVERY === 0) process.stderr.write(`${ran} schedules so far\n`);
    },
  });
  const world = `${attempts} attempts, ${crashes} crashes, ${faults} faults, ${waitMs} ms to wait, ${work}, onUncertain '${onUncertain}'`;
  if (json) {
    console.log(
      JSON.stringify({ attempts, crashes, faults, waitMs, work, onUncertain, states, histories, joined }),
    );
  } else {
    console.log(
      `${world}: ${states} states, ${histories} histories to the end, ${joined} that joined another.`,
    );
  }
  const known = KNOWN_COUNTS.find(
    (one) =>
      one.attempts === attempts &&
      one.crashes === crashes &&
      one.faults === faults &&
      one.work === work &&
      waitMs === 0 &&
      one.onUncertain === onUncertain,
  );
  if (
    violation === undefined &&
    known !== undefined &&
    (states !== known.states || histories !== known.histories || joined !== known.joined)
  ) {
    process.exitCode = 1;
    console.error(
      `The counts differ from known-counts.ts: ${known.states} states, ${known.histories} histories, ${known.joined} joined. If the protocol, the port or the model was changed on purpose, note the new ones there.`,
    );
  }
  if (violation !== undefined) {
    process.exitCode = 1;
    const { history } = await runSchedule({ bounds, choices: givenChoices(picked), withHistory: true });
    console.error(`${timeLine(history)}\n\nBROKEN: ${violation.message}`);
  }
}
