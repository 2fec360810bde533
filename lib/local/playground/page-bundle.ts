/**
 * The page's own files, bundled anew at each request: some tens of milliseconds, so that there is nothing to build
 * before a start and a change shows on reload. Not minified, since this is a page to learn from.
 */

import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const COMMON: BuildOptions = { bundle: true, write: false, target: 'es2022', logLevel: 'silent' };

export function bundleScript(entry: 'main.tsx' | 'seats/main.tsx'): Promise<string> {
  return bundle(entry, {
    format: 'esm',
    platform: 'browser',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
}

export function bundleStyle(entry: 'style.css' | 'seats/seats.css'): Promise<string> {
  return bundle(entry, {});
}

async function bundle(entry: string, options: BuildOptions): Promise<string> {
  const path = fileURLToPath(new URL(`page/${entry}`, import.meta.url));
  const { outputFiles } = await build({ ...COMMON, ...options, entryPoints: [path] });
  const [file] = outputFiles ?? [];
  if (file === undefined) throw new Error(`esbuild made nothing of ${entry}.`);
  return file.text;
}
