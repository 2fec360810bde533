const USE_MIDDY_7 = new URL('../versions/use-middy-7.js', import.meta.url).href;

/**
 * The environment of a process of ours that a test starts. Jest's own options for Node.js are not that process's; the
 * Middy that this run is on is (`TEST_MIDDY`, of test/versions/run.ts).
 */
export function childEnvironment(): NodeJS.ProcessEnv {
  const options = process.env['TEST_MIDDY'] === '7' ? `--import=${USE_MIDDY_7}` : '';
  return { ...process.env, NODE_OPTIONS: options };
}
