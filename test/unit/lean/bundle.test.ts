/** What `./lean` is for: no bundle that has it has the SDK. */
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { build, type Metafile } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** As CDK's NodejsFunction bundles, with nothing left out. */
async function bundle(format: 'esm' | 'cjs', contents: string): Promise<Metafile['outputs'][string]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format,
    metafile: true,
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
  if (output === undefined) throw new Error('esbuild made nothing.');
  return output;
}

const handlerOf = (entry: string) => `
  import middy from '@middy/core';
  import { idempotency } from './lib/${entry}.ts';
  export const handler = middy(async () => ({ statusCode: 201 })).use(idempotency());`;

const modulesOf = ({ inputs }: Metafile['outputs'][string], pattern: RegExp) =>
  Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 && pattern.test(path) ? [path] : [],
  );

const SDK = /node_modules\/@aws-sdk\/(?!util-dynamodb\/)|lib\/stores\/(sdk-dynamodb-api|dynamodb-store)\.ts/;

test.each(['esm', 'cjs'] as const)('a handler of ./lean has no SDK in its bundle (%s)', async (format) => {
  const lean = await bundle(format, handlerOf('lean/index'));
  expect(modulesOf(lean, SDK)).toEqual([]);
  const withSdk = await bundle(format, handlerOf('index'));
  // The same question has an answer where the SDK is.
  expect(modulesOf(withSdk, SDK)).not.toEqual([]);
  expect(lean.bytes).toBeLessThan(withSdk.bytes * 0.4);
});

test('only ./powertools has the form of Powertools in its bundle', async () => {
  const form = /lib\/stores\/(powertools-format|native-data)\.ts/;
  expect(modulesOf(await bundle('esm', handlerOf('index')), form)).toEqual([]);
  const shared = "export { sharedWithPowertools } from './lib/powertools/index.ts';";
  expect(modulesOf(await bundle('esm', shared), form)).toHaveLength(2);
});
