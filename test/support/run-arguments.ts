/** What the repository's own runs have in common at the command line: --help, and an end with 2 where an option is wrong. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

const HELP = { type: 'boolean', short: 'h', default: false } as const;

/**
 * What `read` makes of the values of `options`; the end of the process where it throws, or was asked for help.
 * @param read - throws an Error that says what would be right
 */
export function argumentsOrExit<const O extends Options, T>(
  usage: string,
  options: O,
  read: (values: Values<O>) => T,
): T {
  try {
    const { help, ...values } = parseArgs({ options: { ...options, help: HELP } }).values as Values<O> & {
      readonly help: boolean;
    };
    if (help) {
      console.log(usage);
      process.exit(0);
    }
    // The compiler does not see that what is left is what there was without --help.
    return read(values as unknown as Values<O>);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}

/** @throws Error that says what would be right */
export function wholeNumber(name: string, text: string, least: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${name} takes a whole number of at least ${least}, and not "${text}".`);
}

/** @throws Error that says what would be right */
export function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found !== undefined) return found;
  throw new Error(`--${name} takes ${allowed.join(', ')}, and not "${text}".`);
}
