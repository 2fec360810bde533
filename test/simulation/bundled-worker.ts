/**
 * The worker of `npm run simulate` as one plain file: loaded through tsx, which keeps the name of every function, a
 * schedule takes half as much time again. Packages are not bundled, so it lies where they are found.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const WORKER = fileURLToPath(new URL('./simulate-worker.ts', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../../reports/simulation/worker.mjs', import.meta.url));

/** Most of what a schedule makes is garbage when it ends; in a larger nursery less of it is looked at. */
export const WORKER_ARGUMENTS = ['--max-semi-space-size=64', '--enable-source-maps'];

/** Resolves to the path of the bundle. */
export async function bundledWorker(): Promise<string> {
  await build({
    entryPoints: [WORKER],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
  });
  return BUNDLE;
}
