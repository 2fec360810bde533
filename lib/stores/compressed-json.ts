/**
 * JSON as fewer bytes, in brotli, as measured by `npm run bench:codecs`. Zstandard is faster on large ones, but Node has it
 * from 22.15 only, and every supported Node must read every record.
 */
import {
  type BrotliOptions,
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
} from 'node:zlib';

/** The name that records give it, which is that of HTTP's content coding (RFC 7932). */
export const ENCODING = 'br';

/**
 * Up to here, the caller waits for at most a millisecond longer for a seventh fewer bytes. That saves a write unit of the completion,
 * and of every duplicate, from 2 KB on, and one costs as much as 27 ms of a vCPU. Beyond, milliseconds would be waited for.
 */
const THOROUGH_BELOW_BYTES = 64 * 1024;

/** With a window of 64 KB, for which brotli sets up less: half of the CPU time of a call among other work (docs/adr/0013). */
const THOROUGH = { params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 16 } };
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/**
 * From this length on, the work is done on the thread pool. Up to here it holds the event loop for about a millisecond,
 * which is less than the detour costs; beyond, other invocations in the process would have to wait.
 */
const THREAD_POOL_FROM_BYTES = 256 * 1024;

export async function compress(json: Uint8Array): Promise<Buffer> {
  const settings = json.length < THOROUGH_BELOW_BYTES ? THOROUGH : FAST;
  return json.length < THREAD_POOL_FROM_BYTES
    ? brotliCompressSync(json, settings)
    : onThreadPool(brotliCompress, json, settings);
}

/**
 * The JSON that was compressed, or `undefined` where `bytes` are not its: cut off, damaged, or of another length than
 * `jsonBytes` says. No more than that is ever unpacked, whatever the bytes would expand to.
 */
export async function decompress(bytes: Uint8Array, jsonBytes: number): Promise<string | undefined> {
  const bounds = { maxOutputLength: jsonBytes };
  try {
    const json =
      jsonBytes < THREAD_POOL_FROM_BYTES
        ? brotliDecompressSync(bytes, bounds)
        : await onThreadPool(brotliDecompress, bytes, bounds);
    // Stryker disable BlockStatement: what comes back without the next block is undefined, too
    return json.length === jsonBytes ? json.toString('utf8') : undefined;
  } catch {
    // Stryker restore BlockStatement
    return undefined; // zlib has one error for each way in which bytes can be wrong, and all mean the same here.
  }
}

/** Not `promisify`: to import `node:util` takes 2 ms of a cold start. */
function onThreadPool(
  work: typeof brotliCompress,
  bytes: Uint8Array,
  options: BrotliOptions,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Stryker disable next-line ConditionalExpression: bytes that cannot be unpacked are nothing either way, by the catch above
    work(bytes, options, (error, made) => (error === null ? resolve(made) : reject(error)));
  });
}
