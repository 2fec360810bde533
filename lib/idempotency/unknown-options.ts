import { ConfigurationError } from './errors.ts';

/**
 * @param of - whose options they are, where that is not plain from the call
 * @param hint - a sentence for those who come with the options of something similar
 * @throws ConfigurationError that names the first one that is not known, and all that are
 */
export function rejectUnknown(
  options: object,
  known: readonly string[],
  { of, hint }: { readonly of?: string; readonly hint?: string } = {},
): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const owner = of === undefined ? '' : ` of ${of}`;
  const more = hint === undefined ? '' : ` ${hint}`;
  throw new ConfigurationError(
    `Unknown option "${unknown}"${owner}. The options are: ${known.join(', ')}.${more}`,
  );
}
