import * as zlib from 'node:zlib';

export interface Codec {
  readonly name: string;
  readonly compress: (bytes: Uint8Array) => Buffer;
  readonly decompress: (bytes: Uint8Array) => Buffer;
}

const GZIP_LEVELS = [1, 6];
const BROTLI_QUALITIES = [0, 1, 2, 4, 5];
/** As the library has it below 64 KB: with a window of so much, for which the encoder sets up less. */
const BROTLI_5_IN_64_KB = {
  [zlib.constants.BROTLI_PARAM_QUALITY]: 5,
  [zlib.constants.BROTLI_PARAM_LGWIN]: 16,
};
const ZSTD_LEVELS = [1, 3];

const gzip = GZIP_LEVELS.map((level): Codec => {
  return {
    name: `gzip ${level}`,
    compress: (bytes) => zlib.gzipSync(bytes, { level }),
    decompress: (bytes) => zlib.gunzipSync(bytes),
  };
});

const brotli = [
  ...BROTLI_QUALITIES.map((quality) => ({
    name: `brotli ${quality}`,
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: quality },
  })),
  { name: 'brotli 5, 64 KB', params: BROTLI_5_IN_64_KB },
].map(({ name, params }): Codec => {
  return {
    name,
    compress: (bytes) => zlib.brotliCompressSync(bytes, { params }),
    decompress: (bytes) => zlib.brotliDecompressSync(bytes),
  };
});

/** Node has it from 22.15 on, and its types for Node 20 do not know it. */
interface Zstd {
  zstdCompressSync?(bytes: Uint8Array, options: { params: Record<number, number> }): Buffer;
  zstdDecompressSync?(bytes: Uint8Array): Buffer;
}
const { zstdCompressSync, zstdDecompressSync } = zlib as Zstd;
/** `ZSTD_c_compressionLevel` of zstd.h, which `zlib.constants` repeats where there is Zstandard. */
const ZSTD_COMPRESSION_LEVEL = 100;

const zstd =
  zstdCompressSync === undefined || zstdDecompressSync === undefined
    ? []
    : ZSTD_LEVELS.map((level): Codec => {
        const params = { [ZSTD_COMPRESSION_LEVEL]: level };
        return {
          name: `zstd ${level}`,
          compress: (bytes) => zstdCompressSync(bytes, { params }),
          decompress: (bytes) => zstdDecompressSync(bytes),
        };
      });

/** All that the Node that runs this has. */
export const CODECS: readonly Codec[] = [...gzip, ...brotli, ...zstd];
