import { CommandError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import type { Table } from './connection.ts';

/** Why the table could not be asked, in a sentence and with exit code 3. Never what a reply quotes of an item. */
export function tableError(error: unknown, { tableName }: Pick<Table, 'tableName'>): CommandError {
  if (error instanceof CommandError) return error;
  return new CommandError(sentenceOf(error, tableName), { exitCode: EXIT.unknown, cause: error });
}

function sentenceOf(error: unknown, tableName: string): string {
  const {
    name = '',
    message = '',
    $metadata,
  } = Object(error) as {
    readonly name?: string;
    readonly message?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  if (name === 'ResourceNotFoundException') {
    return `There is no table "${tableName}" in this account and region. --table and --region name others.`;
  }
  // The message names the caller, the action and the table, and nothing of an item.
  if (name === 'AccessDeniedException') return `Not permitted: ${message}`;
  if (name === 'CredentialsProviderError') return `There are no credentials: ${firstSentence(message)}`;
  if (/UnrecognizedClient|ExpiredToken|InvalidSignature/.test(name)) {
    return `The credentials are not accepted (${name}).`;
  }
  if (/^Region is missing/i.test(message)) return 'Which region? --region names it, or AWS_REGION.';
  // Of what came as a reply the name alone, since the message may quote the item.
  const reason = $metadata?.httpStatusCode === undefined ? firstSentence(message) : `${name}.`;
  return `DynamoDB did not do what was asked of the table "${tableName}": ${reason}`;
}

function firstSentence(message: string): string {
  return `${message.split(/\.\s|\.?\n|\.$/)[0] ?? ''}.`;
}
