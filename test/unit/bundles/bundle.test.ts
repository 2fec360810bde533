/** What users deploy does not grow unnoticed, and holds nothing that does not belong to it. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Bundle, bundle } from '../../support/bundle.ts';
import { LIMITS, SDK_ALONE } from './limits.ts';

/** Room for the next small change and for small versions of dependencies. */
const HEADROOM = 1.02;
/** A recorded size that is further above the real one than this guards nothing. */
const LEAST_SHARE = 0.9;

let sdk: Bundle;

beforeAll(async () => {
  sdk = await bundle(SDK_ALONE);
});

describe.each(Object.entries(LIMITS))('%s', (name, { source, overSdk, bytes: recorded, parts: allowed }) => {
  let parts: [part: string, bytes: number][];
  let bytes: number;

  beforeAll(async () => {
    const made = await bundle(source);
    const without = overSdk ? sdk : { bytes: 0, parts: {} };
    bytes = made.bytes - without.bytes;
    parts = partsBeyond(made.parts, without.parts);
  });

  test('has the size that is recorded', () => {
    if (bytes <= recorded * HEADROOM && bytes >= recorded * LEAST_SHARE) return;
    const advice =
      bytes > recorded
        ? 'Find what made it grow; where that is worth it, record'
        : 'It became smaller: so that it stays so, record';
    throw new Error(
      [
        `${name} brings ${bytes} bytes${overSdk ? ' beyond the SDK' : ''}; ${recorded} are recorded.`,
        `${advice} ${bytes} in test/unit/bundles/limits.ts. By package or folder:`,
        ...parts.map(([part, size]) => `${String(size).padStart(8)}  ${part}`),
      ].join('\n'),
    );
  });

  test('holds these packages and folders, and no other', () => {
    expect(parts.map(([part]) => part).filter((part) => !allowed.includes(part))).toEqual([]);
  });
});

/** What is in no bundle of the SDK alone. Its own packages differ by a few bytes of names from bundle to bundle. */
function partsBeyond(parts: Bundle['parts'], without: Bundle['parts']): [part: string, bytes: number][] {
  return Object.entries(parts)
    .filter(([part]) => !(part in without))
    .sort(([, one], [, other]) => other - one);
}

const modulesOf = ({ modules }: Bundle, pattern: RegExp) =>
  Object.keys(modules).filter((path) => pattern.test(path));

const sourceOf = (name: string) => LIMITS[name]?.source ?? '';

test.each(['esm', 'cjs'] as const)('a handler of ./lean has no SDK in its bundle (%s)', async (format) => {
  const client =
    /node_modules\/@aws-sdk\/(?!util-dynamodb\/)|lib\/stores\/(sdk-dynamodb-api|dynamodb-store)\.ts/;
  expect(modulesOf(await bundle(sourceOf('./lean with Middy'), { format }), client)).toEqual([]);
  // The same question has an answer where the SDK is.
  expect(modulesOf(await bundle(sourceOf('a handler with Middy'), { format }), client)).not.toEqual([]);
});

test('./lean and answers of ours do not import node:http, which brings undici into a cold start', async () => {
  const imported = /from\s*"node:http"/;
  const textOf = async (source: string) => Buffer.from((await bundle(source)).contents).toString();
  expect(await textOf(sourceOf('./lean with Middy'))).not.toMatch(imported);
  expect(await textOf("export { statusDescription } from './lib/http/http-answer.ts';")).not.toMatch(
    imported,
  );
  // The same question has an answer where somebody does.
  expect(await textOf("export { STATUS_CODES } from 'node:http';")).toMatch(imported);
});

test('only ./powertools has the form of Powertools in its bundle', async () => {
  const form = /lib\/stores\/(powertools-format|native-data)\.ts/;
  expect(modulesOf(await bundle(sourceOf('a handler with Middy')), form)).toEqual([]);
  const shared = "export { sharedWithPowertools } from './lib/powertools/index.ts';";
  expect(modulesOf(await bundle(shared), form)).toHaveLength(2);
});
