/**
 * JSON as fewer bytes. Brotli at quality 1, as measured by `npm run bench:codecs`: from 1 KB to 6 MB it takes less
 * CPU than the fastest gzip, a sixth at best, for about as few bytes. Zstandard is faster still on large ones, but Node
 * has it from 22.15 only, and every supported Node must read every record.
 */
import { promisify } from 'node:util';
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  brotliCompress as onThreadPoolCompress,
  brotliDecompress as onThreadPoolDecompress,
} from 'node:zlib';

/** The name that records give it, which is that of HTTP's content coding (RFC 7932). */
export const ENCODING = 'br';

/** Higher qualities save up to an eighth of the bytes of large results, at three to five times the time. */
const SETTINGS = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/**
 * From this length on, the work is done on the thread pool. Up to here it holds the event loop for less than a
 * millisecond, which is less than the detour costs; beyond, other invocations in the process would have to wait.
 */
const THREAD_POOL_FROM_BYTES = 256 * 1024;

const compressOnThreadPool = promisify(onThreadPoolCompress);
const decompressOnThreadPool = promisify(onThreadPoolDecompress);

export async function compress(json: Uint8Array): Promise<Buffer> {
  return json.length < THREAD_POOL_FROM_BYTES
    ? brotliCompressSync(json, SETTINGS)
    : compressOnThreadPool(json, SETTINGS);
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
        : await decompressOnThreadPool(bytes, bounds);
    // Stryker disable BlockStatement: what comes back without the next block is undefined, too
    return json.length === jsonBytes ? json.toString('utf8') : undefined;
  } catch {
    // Stryker restore BlockStatement
    return undefined; // zlib has one error for each way in which bytes can be wrong, and all mean the same here.
  }
}
