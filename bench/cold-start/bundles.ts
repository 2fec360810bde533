import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build } from 'esbuild';
import { packageOf } from '../../test/support/bundle.ts';
import type { Bundle, FunctionName } from './report.ts';

const HERE = fileURLToPath(new URL('./', import.meta.url));
const OUTPUT = fileURLToPath(new URL('../../node_modules/.cache/bench/cold-start/', import.meta.url));
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** As CDK's NodejsFunction bundles an ES module with `minify` and the SDK in it. */
export async function bundle(name: FunctionName): Promise<Bundle & { readonly path: string }> {
  const path = `${OUTPUT}${name}.mjs`;
  const { metafile } = await build({
    entryPoints: [`${HERE}functions/${name}.ts`],
    outfile: path,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    metafile: true,
    logLevel: 'error',
  });
  const byPackage: Record<string, number> = {};
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const of = partOf(input);
      byPackage[of] = (byPackage[of] ?? 0) + bytesInOutput;
    }
  }
  const gzipBytes = (await promisify(gzip)(await readFile(path))).length;
  return { name, path, bytes: statSync(path).size, gzipBytes, byPackage };
}

/** The SDK's many packages are one. */
function partOf(input: string): string {
  const name = packageOf(input);
  if (name === undefined) return input.startsWith('lib/') ? 'lambda-idempotency' : 'handler';
  return /^@(aws-sdk|smithy|aws-crypto|aws)\//.test(name) ? 'AWS SDK' : name;
}
