/** From the text of an argument to its value. What is wrong ends in exit code 2, with a sentence that says what is right. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It has to be a whole number from ${least} to ${most}.`);
  };
}

export function decimal(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It has to be a number from ${least} to ${most}.`);
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `2h`, `7d`, in milliseconds. */
export function durationMs(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  if (count === undefined || unitMs === undefined) {
    throw new InvalidArgumentError('It has to be a number and a unit: 90s, 15m, 2h or 7d.');
  }
  return Number(count) * unitMs;
}

export function httpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It has to be a URL such as http://127.0.0.1:3000/cart/items.');
}

export type Header = readonly [name: string, value: string];

/** One more `Name: value`. */
export function collectHeader(text: string, earlier: readonly Header[] | undefined): readonly Header[] {
  const [, name, value = ''] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)$/.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError('It has to have the form "Name: value".');
  }
  return [...(earlier ?? []), [name, value]];
}

export function collectText(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}

/** The text itself, or with `@` in front the content of the file that it names. */
export function textOrFile(text: string): string {
  if (!text.startsWith('@')) return text;
  try {
    return readFileSync(text.slice(1), 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new InvalidArgumentError(`The file ${text.slice(1)} cannot be read (${code}).`);
  }
}
