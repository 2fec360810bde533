/** What the repository's own runs have in common at the command line: --help, and an end with 2 where an option is wrong. */

/**
 * What `read` makes of the command line; the end of the process where it throws, or was asked for help.
 * @param read - throws an Error that says what would be right
 */
export function argumentsOrExit<T extends { readonly help: boolean }>(usage: string, read: () => T): T {
  const found = tryRead(usage, read);
  if (!found.help) return found;
  console.log(usage);
  process.exit(0);
}

function tryRead<T>(usage: string, read: () => T): T {
  try {
    return read();
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
