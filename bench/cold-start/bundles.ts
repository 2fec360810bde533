import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build } from 'esbuild';
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
      const of = packageOf(input);
      byPackage[of] = (byPackage[of] ?? 0) + bytesInOutput;
    }
  }
  const gzipBytes = (await promisify(gzip)(await readFile(path))).length;
  return { name, path, bytes: statSync(path).size, gzipBytes, byPackage };
}

/** The last one in the path, which is where a nested package lies; the SDK's many are one. */
function packageOf(input: string): string {
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1];
  if (name === undefined) return input.startsWith('lib/') ? 'lambda-idempotency' : 'handler';
  return /^@(aws-sdk|smithy|aws-crypto|aws)\//.test(name) ? 'AWS SDK' : name;
}
