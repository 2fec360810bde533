/** The number that `--name` was given, or the end of the program with what would be right. */
export function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  process.stderr.write(`--${name} takes whole numbers of at least 1, and not "${text}".\n`);
  return process.exit(2);
}
