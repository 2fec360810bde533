import { SingleBar } from 'cli-progress';
import { startValkeyServer } from '../support/valkey-server.ts';
import { type ChaosResult, runChaos } from './chaos.ts';
import { readCommandLine } from './command-line.ts';
import { CONTENDERS, type Contender } from './contenders.ts';
import { missedEncounters } from './encounters.ts';
import { openEngine } from './open-engine.ts';
import { type Judged, toTable, toText } from './report.ts';

/** A fifth, so that zombies and takeovers meet both ways of dealing with them. */
const BLOCK_PERCENT = 20;
const FAIL_PERCENT = 6;

const options = readCommandLine();

const engine = await openEngine(options.engine);
const valkey = options.store === 'valkey' ? await startValkeyServer() : undefined;
try {
  const judged: Judged[] = [];
  for (const contender of options.contenders) judged.push({ contender, result: await run(contender) });
  report(judged);
} finally {
  await Promise.all([engine.stop(), valkey?.stop()]);
}

async function run(contender: Contender): Promise<ChaosResult> {
  const { operations, kills, stops, seed, workers, frontDoors, mutantName, contenders } = options;
  const bar = new SingleBar({
    format: `${contender} {bar} {value} of {total} operations, {kills} of ${kills} kills`,
    stream: process.stderr,
  });
  const showsBar = process.stderr.isTTY === true && !options.json;
  if (showsBar) bar.start(operations, 0, { kills: 0 });
  else
    process.stderr.write(
      `${contender}: ${operations} operations, ${kills} kills, ${stops} stops, seed ${seed}, ${engine.name}\n`,
    );
  try {
    return await runChaos({
      endpoint: engine.endpoint,
      valkeyPort: valkey?.port,
      lean: options.store === 'lean',
      contender,
      mutantName,
      seed,
      operations,
      kills,
      stops,
      workers,
      frontDoors,
      failPercent: FAIL_PERCENT,
      // The peer has no such option.
      blockPercent: contenders.length > 1 || contender === 'powertools' ? 0 : BLOCK_PERCENT,
      onProgress: (done) => {
        if (showsBar) bar.update(done.operations, { kills: done.kills });
      },
    });
  } finally {
    bar.stop();
  }
}

function report(judged: readonly Judged[]): void {
  const { seed, mutantName, json } = options;
  // The peer is shown beside us and not on trial.
  const onTrial = judged.find(({ contender }) => contender === CONTENDERS[0]) ?? judged[0];
  if (onTrial === undefined) throw new Error('Nothing was run.');
  const missed = missedEncounters(onTrial.result.figures);
  const isBroken = onTrial.result.findings.length > 0;
  if (isBroken || (missed.length > 0 && mutantName === undefined)) process.exitCode = 1;

  if (json) {
    const runs = judged.map(({ contender, result }) => ({
      contender,
      seed,
      mutant: mutantName ?? null,
      durationMs: result.durationMs,
      ...result.figures,
      findings: result.findings,
    }));
    console.log(JSON.stringify({ engine: engine.name, runs, missed }));
  } else if (judged.length > 1) {
    console.log(`Seed ${seed}, ${engine.name}\n\n${toTable(judged)}`);
  } else {
    console.log([`${'seed'.padEnd(32)}${seed}`, toText(onTrial.result), ...missed].join('\n'));
  }
}
