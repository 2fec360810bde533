/**
 * One Node in a process of its own: `variant.ts measure FOLDER` prints its figures as JSON and leaves what the library
 * compresses in FOLDER; `variant.ts read FOLDER` reads what every Node has left there, and fails on any difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
} from 'node:zlib';
import { compress, decompress } from '../../lib/stores/compressed-json.ts';
import { KINDS, type Kind, sizedAnswer } from '../response-size/answers.ts';
import { CODECS } from './codecs.ts';

const SIZES = [1, 2, 4, 16, 64, 256, 1024, 6144].map((kilobytes) => kilobytes * 1024);

/** Each figure is over as many runs as take this much CPU time. */
const BUDGET_MS = 60;
const RUNS_MIN = 5;

export interface CodecFigures {
  readonly kind: Kind;
  readonly bytes: number;
  readonly codec: string;
  readonly compressedBytes: number;
  /** CPU time: on a machine that is shared, the clock on the wall counts other processes' turns as well. */
  readonly compressMs: number;
  readonly decompressMs: number;
}

/**
 * Work in place, or on the thread pool: until it is done, of CPU on all threads, and with the event loop held. The first
 * and the last are the least of all runs, for the reason above.
 */
export interface PlaceFigures {
  readonly kind: Kind;
  readonly bytes: number;
  readonly work: 'compress' | 'decompress';
  readonly place: 'in place' | 'thread pool';
  readonly latencyMs: number;
  readonly cpuMs: number;
  readonly heldMs: number;
}

export interface Figures {
  readonly codecs: readonly CodecFigures[];
  readonly places: readonly PlaceFigures[];
}

function jsonOf(kind: Kind, bytes: number): string {
  return JSON.stringify(sizedAnswer(kind, bytes));
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function cpuMsOf(work: () => unknown): number {
  for (let i = 0; i < 3; i++) work();
  const before = process.cpuUsage();
  let runs = 0;
  while (runs < RUNS_MIN || cpuMsSince(before) < BUDGET_MS) {
    work();
    runs += 1;
  }
  return cpuMsSince(before) / runs;
}

function measureCodecs(kind: Kind, json: Buffer): CodecFigures[] {
  return CODECS.map((codec) => {
    const compressed = codec.compress(json);
    return {
      kind,
      bytes: json.length,
      codec: codec.name,
      compressedBytes: compressed.length,
      compressMs: cpuMsOf(() => codec.compress(json)),
      decompressMs: cpuMsOf(() => codec.decompress(compressed)),
    };
  });
}

async function measurePlaces(kind: Kind, json: Buffer): Promise<PlaceFigures[]> {
  const settings = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  const compressed = brotliCompressSync(json, settings);
  const compressOnPool = promisify(brotliCompress);
  const decompressOnPool = promisify(brotliDecompress);
  const works = [
    ['compress', 'in place', () => brotliCompressSync(json, settings)],
    ['compress', 'thread pool', () => compressOnPool(json, settings)],
    ['decompress', 'in place', () => brotliDecompressSync(compressed)],
    ['decompress', 'thread pool', () => decompressOnPool(compressed)],
  ] as const;
  const figures: PlaceFigures[] = [];
  for (const [work, place, run] of works) {
    for (let i = 0; i < 3; i++) await run();
    let runs = 0;
    let latencyMs = Number.POSITIVE_INFINITY;
    let heldMs = Number.POSITIVE_INFINITY;
    const before = process.cpuUsage();
    while (runs < RUNS_MIN || cpuMsSince(before) < BUDGET_MS) {
      const started = performance.now();
      const running = run();
      heldMs = Math.min(heldMs, performance.now() - started);
      await running;
      latencyMs = Math.min(latencyMs, performance.now() - started);
      runs += 1;
    }
    const cpuMs = cpuMsSince(before) / runs;
    figures.push({ kind, bytes: json.length, work, place, latencyMs, cpuMs, heldMs });
  }
  return figures;
}

async function measure(folder: string): Promise<void> {
  const codecs: CodecFigures[] = [];
  const places: PlaceFigures[] = [];
  for (const kind of KINDS) {
    for (const bytes of SIZES) {
      const json = Buffer.from(jsonOf(kind, bytes));
      codecs.push(...measureCodecs(kind, json));
      places.push(...(await measurePlaces(kind, json)));
      writeFileSync(join(folder, `${process.version}-${kind}-${bytes}`), await compress(json));
    }
  }
  const figures: Figures = { codecs, places };
  console.log(JSON.stringify(figures));
}

async function readAll(folder: string): Promise<void> {
  const names = readdirSync(folder);
  for (const name of names) {
    const [, kind, bytes] = name.split('-');
    const json = jsonOf(kind as Kind, Number(bytes)); // The names are those that `measure` gave.
    const read = await decompress(readFileSync(join(folder, name)), Buffer.byteLength(json));
    if (read !== json) throw new Error(`${process.version} cannot read ${name}`);
  }
  console.log(names.length);
}

const [mode, folder = ''] = process.argv.slice(2);
if (mode === 'measure') await measure(folder);
else if (mode === 'read') await readAll(folder);
else throw new Error('variant.ts takes measure or read, and a folder');
