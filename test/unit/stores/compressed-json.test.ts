import { brotliCompressSync, constants, createBrotliCompress } from 'node:zlib';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { compress, decompress } from '../../../lib/stores/compressed-json.ts';
import { COMPRESSIBILITIES, sizedJson } from '../../support/sized-json.ts';

const KILOBYTE = 1024;
const MEGABYTE = 1024 * KILOBYTE;

describe.each(COMPRESSIBILITIES)('%s JSON', (compressibility) => {
  test.each([2, 1024, 256 * 1024 - 1, 256 * 1024, 6 * MEGABYTE])(
    'of %i bytes comes back as it was',
    async (bytes) => {
      const json = sizedJson(bytes, compressibility);
      expect(await decompress(await compress(Buffer.from(json)), bytes)).toBe(json);
    },
  );
});

const THOROUGH = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 16 };
const FAST = { [constants.BROTLI_PARAM_QUALITY]: 1 };

test.each([
  ['few bytes', 16 * KILOBYTE, THOROUGH],
  ['few bytes, up to the length where that takes a millisecond', 64 * KILOBYTE - 1, THOROUGH],
  ['somewhat more from there on, so that nobody waits', 64 * KILOBYTE, FAST],
])('leaves %s', async (_, bytes, params) => {
  const json = Buffer.from(JSON.stringify(wordsOf(bytes)).padEnd(bytes).slice(0, bytes));
  const [thorough, fast] = [THOROUGH, FAST].map((each) => brotliCompressSync(json, { params: each }));
  expect(await compress(json)).toEqual(params === THOROUGH ? thorough : fast);
  expect(thorough?.length).toBeLessThan(fast?.length ?? 0);
});

describe('the thread pool', () => {
  test.each([
    ['is left alone where the work is short', 256 * KILOBYTE - 1, true],
    ['takes the work where it is long, so that other invocations go on', 256 * KILOBYTE, false],
  ])('%s', async (_, bytes, atOnce) => {
    const json = sizedJson(bytes, 'compressible');
    const compressing = compress(Buffer.from(json));
    expect(await endsAtOnce(compressing)).toBe(atOnce);
    const decompressing = decompress(await compressing, bytes);
    expect(await endsAtOnce(decompressing)).toBe(atOnce);
    await decompressing;
  });
});

describe('bytes that are not what was compressed', () => {
  let bomb: Buffer;
  beforeAll(async () => {
    bomb = await zerosCompressed(256 * MEGABYTE);
  });

  test.each([1, 1000, 256 * 1024])(
    'a bomb unpacks no more than the %i bytes that it is said to be',
    async (statedBytes) => {
      expect(bomb.length).toBeLessThan(MEGABYTE);
      const before = process.resourceUsage().maxRSS;
      expect(await decompress(bomb, statedBytes)).toBeUndefined();
      // In kilobytes. All of the zeros would take a quarter of a gigabyte.
      expect(process.resourceUsage().maxRSS - before).toBeLessThan(64 * 1024);
    },
  );

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['anything', Buffer.from('{"statusCode":200}')],
  ])('%s is no JSON', async (_, bytes) => {
    expect(await decompress(bytes, 18)).toBeUndefined();
    expect(await decompress(bytes, MEGABYTE)).toBeUndefined();
  });
});

/** Whether `work` ends before the event loop turns: then it was done in place. */
async function endsAtOnce(work: Promise<unknown>): Promise<boolean> {
  let ended = false;
  const done = work.then(() => {
    ended = true;
  });
  // More turns of the microtask queue than any chain of promises in the code takes.
  for (let turn = 0; turn < 20; turn++) await undefined;
  const atOnce = ended;
  await done;
  return atOnce;
}

/** Text that the two qualities make different bytes of. */
function wordsOf(bytes: number): string[] {
  return Array.from({ length: bytes / 8 }, (_, index) => `word ${(index * 7919) % 1009}`);
}

async function zerosCompressed(bytes: number): Promise<Buffer> {
  const compressor = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
  const block = Buffer.alloc(MEGABYTE);
  const parts: Buffer[] = [];
  compressor.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise((resolve) => compressor.once('end', resolve));
  for (let written = 0; written < bytes; written += block.length) {
    if (!compressor.write(block)) await new Promise((resolve) => compressor.once('drain', resolve));
  }
  compressor.end();
  await ended;
  return Buffer.concat(parts);
}
