/** Finds marked texts in anything that can be written somewhere. */
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { MARKERS } from './marked-play.ts';

const CONSOLE_METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;

/**
 * Everything of `value` that a logger could show: members that are not enumerable, causes, stacks. Longer and deeper
 * than any logger goes.
 */
export function shown(value: unknown): string {
  const limits = { depth: 12, maxArrayLength: 10_000, maxStringLength: 10_000_000, breakLength: 200 };
  return inspect(value, { ...limits, showHidden: true });
}

/** Names of the markers that `text` contains: as they are, in base64, in hexadecimal, or percent-encoded. */
export function markersIn(text: string): string[] {
  const lowerCase = text.toLowerCase();
  return Object.entries(MARKERS)
    .filter(([, marker]) => [marker, ...spellings(marker)].some((s) => lowerCase.includes(s.toLowerCase())))
    .map(([name]) => name);
}

function* spellings(marker: string): Generator<string> {
  yield Buffer.from(marker).toString('hex');
  // Base64 depends on how far into its groups of three bytes the text begins; the ends depend on the neighbours.
  for (const before of ['', ' ', '  ']) {
    yield Buffer.from(before + marker)
      .toString('base64')
      .slice(before.length === 0 ? 0 : 4, -4);
  }
}

/** Everything that is written to standard output, standard error or the console while `action` runs. */
export async function writtenDuring(action: () => Promise<unknown>): Promise<string> {
  const written: string[] = [];
  const keep = (...parts: unknown[]) => {
    written.push(parts.map((part) => (typeof part === 'string' ? part : shown(part))).join(' '));
  };
  const keepChunk = (chunk: unknown) => {
    keep(chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : chunk);
    return true;
  };
  const spies = [
    ...CONSOLE_METHODS.map((method) => jest.spyOn(console, method).mockImplementation(keep)),
    jest.spyOn(process.stdout, 'write').mockImplementation(keepChunk),
    jest.spyOn(process.stderr, 'write').mockImplementation(keepChunk),
  ];
  try {
    await action();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return written.join('\n');
}
