/** What esbuild makes of a few lines that import the library, and whose code is in it. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Bundle {
  readonly bytes: number;
  readonly contents: Uint8Array;
  /** The files that have code in it, from the root of the repository, with the bytes of each. */
  readonly modules: Readonly<Record<string, number>>;
  /** The same by package, and of our own code by folder (`lib/stores`). */
  readonly parts: Readonly<Record<string, number>>;
}

export interface BundleSettings {
  readonly format?: 'esm' | 'cjs';
  readonly platform?: 'node' | 'browser';
}

/** Minified and with nothing left out, for Node as CDK's NodejsFunction bundles; paths in `source` are from the root. */
export async function bundle(
  source: string,
  { format = 'esm', platform = 'node' }: BundleSettings = {},
): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: source, resolveDir: ROOT },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format,
    platform,
    target: platform === 'node' ? 'node20' : 'es2022',
    metafile: true,
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
  const [file] = outputFiles;
  if (output === undefined || file === undefined) throw new Error('esbuild made nothing.');
  const modules: Record<string, number> = {};
  const parts: Record<string, number> = {};
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    if (bytesInOutput === 0 || path === '<stdin>') continue;
    modules[path] = bytesInOutput;
    const part = partOf(path);
    parts[part] = (parts[part] ?? 0) + bytesInOutput;
  }
  return { bytes: output.bytes, contents: file.contents, modules, parts };
}

/** For ours, the folder in `lib`. */
function partOf(path: string): string {
  return packageOf(path) ?? path.split('/').slice(0, 2).join('/');
}

/** The package that a file is of, the innermost one where they are nested; `undefined` for ours. */
export function packageOf(path: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
}
