/**
 * A variant as JavaScript whose imports of `lib/` are those of `dist/`, so that what is measured is what npm ships, and
 * no loader of TypeScript runs in the measured process.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** Below node_modules, so that packages are found from there. */
const OUTPUT = join(ROOT, 'node_modules/.cache/bench');
const BUILD_WITHIN_MS = 300_000;

let building: Promise<unknown> | undefined;
const programs = new Map<string, Promise<string>>();

/** The path of the program that is made of the module at `path`; made once in a run, as `dist/` is. */
export function shipped(path: string): Promise<string> {
  const program = programs.get(path) ?? make(path);
  programs.set(path, program);
  return program;
}

async function make(path: string): Promise<string> {
  building ??= promisify(execFile)('npm', ['run', 'build'], { cwd: ROOT, timeout: BUILD_WITHIN_MS });
  await building;
  const outfile = join(OUTPUT, `${basename(dirname(path))}-${basename(path, '.ts')}.mjs`);
  await build({
    entryPoints: [path],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    plugins: [ofDist],
    logLevel: 'error',
  });
  return outfile;
}

const ofDist: Plugin = {
  name: 'of-dist',
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir }) => {
      const module = relative(join(ROOT, 'lib'), resolve(resolveDir, path));
      const built = join(ROOT, 'dist', module.replace(/\.ts$/, '.js'));
      return module.startsWith('..') || !existsSync(built) ? undefined : { path: built, external: true };
    });
  },
};
