import { fileURLToPath } from 'node:url';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../lib/local/engine-client.ts';
import { nodeOf } from '../../test/versions/node-of.ts';
import type { NodeMajor } from '../../test/versions/supported.ts';
import { inTurn, printedBy } from '../in-turn.ts';
import { withEngine } from '../with-engine.ts';
import { bundle } from './bundles.ts';
import { type ColdStartRun, FUNCTION_NAMES, type Start } from './report.ts';

const VARIANT = fileURLToPath(new URL('./variant.ts', import.meta.url));
const START_WITHIN_MS = 60_000;

export async function measureColdStart(sizes: {
  readonly rounds: number;
  readonly nodes: readonly NodeMajor[];
}): Promise<ColdStartRun> {
  const bundles = await Promise.all(FUNCTION_NAMES.map(bundle));
  const nodes = sizes.nodes.map(nodeOf);
  return withEngine(async ({ engine, newTable }) => {
    const starts: Start[] = [];
    // What Lambda gives a function, and where the engine is.
    const env = {
      AWS_REGION: LOCAL_REGION,
      AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
      AWS_LAMBDA_FUNCTION_NAME: 'add-to-cart',
      IDEMPOTENCY_TABLE: await newTable(),
    };
    for (const { version, path } of nodes) {
      await inTurn(bundles, sizes.rounds, async (one, round) => {
        process.stderr.write(
          `cold-start, Node ${version}: round ${round + 1} of ${sizes.rounds}, ${one.name}\n`,
        );
        const run = { timeoutMs: START_WITHIN_MS, node: path, env };
        const times = (await printedBy(VARIANT, [one.path], run)) as Pick<Start, 'readyMs' | 'answeredMs'>; // What the variant prints.
        starts.push({ node: version, round, name: one.name, ...times });
      });
    }
    return {
      engine: engine.name,
      rounds: sizes.rounds,
      bundles: bundles.map(({ path, ...rest }) => rest),
      starts,
    };
  });
}
