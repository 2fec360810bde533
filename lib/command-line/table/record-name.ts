/** From what an operator knows of a request to the id of its record. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readIdempotencyKey } from '../../http/idempotency-key.ts';
import { isIdempotencyError } from '../../idempotency/errors.ts';
import { recordId } from '../../idempotency/operation.ts';
import { usageError } from '../command-error.ts';
import type { Terminal } from '../terminal.ts';

export interface RecordName {
  readonly id?: string;
  readonly namespace?: string;
  readonly key?: string;
  readonly path?: string;
  readonly method: string;
  readonly caller?: string;
}

export function withRecordName(command: Command): Command {
  return command
    .option('--id <id>', 'id of the record, as in logs and in the table')
    .option('--namespace <name>', 'or from its parts: the namespace, by default the name of the function')
    .option('--key <key>', 'the key as it was sent; - reads it from the standard input')
    .option('--path <path>', 'of an HTTP request, as it was requested')
    .addOption(new Option('--method <method>', 'of an HTTP request').default('POST').argParser(upperCase))
    .option('--caller <caller>', 'of an HTTP request: what the option `caller` of the function returned');
}

export const RECORD_NAME_HELP = `A record is named by its id, or by what the id is made of: namespace and key, and for HTTP requests path, method
and caller. A key on the command line stays in the history of the shell; \`--key -\` reads it from the standard input.`;

/** @throws CommandError with exit code 2 where the parts do not make up an id */
export async function idOf(name: RecordName, terminal: Terminal): Promise<string> {
  const { id, namespace, key, path, method, caller } = name;
  if (id !== undefined) {
    if (key !== undefined || namespace !== undefined) {
      throw usageError('Either --id, or --namespace and --key: not both.');
    }
    return id;
  }
  if (namespace === undefined || key === undefined) {
    throw usageError(
      'Which record? --id names it, or --namespace and --key (and --path for an HTTP request).',
    );
  }
  const given = key === '-' ? (await terminal.input()).replace(/\r?\n$/, '') : key;
  if (given === '') throw usageError('The key is empty.');
  if (path !== undefined) {
    return recordId(namespace, [caller ?? null, method, path, httpKey(given)]);
  }
  if (caller !== undefined) throw usageError('--caller belongs to an HTTP request: --path is missing.');
  return recordId(namespace, [given]);
}

/** As the header is read: `"abc"` and `abc` are one key. */
function httpKey(given: string): string {
  try {
    return readIdempotencyKey([given], '--key') ?? given;
  } catch (error) {
    if (isIdempotencyError(error))
      throw usageError(`No request can have had this key. ${error.message}`, error);
    throw error;
  }
}

function upperCase(text: string): string {
  if (!/^[A-Za-z]+$/.test(text)) throw new InvalidArgumentError('It has to be a method such as POST.');
  return text.toUpperCase();
}
