/** What is made of the errors of clients: whether to try again, and what is told of them. */
import { IdempotencyError, StoreError } from '../idempotency/errors.ts';

/** Nobody knows what became of the command: it may have been applied, or be applied yet. */
export class CommandTimeoutError extends Error {
  override readonly name = 'CommandTimeoutError';
  constructor(timeoutMs: number) {
    super(`No reply from the Valkey server within ${timeoutMs} ms.`);
  }
}

/** A server's refusal begins with a word in capitals: "Serialization protocol specification", simple errors. */
const REPLY_CODE = /^([A-Z][A-Z0-9]+) /;

/** `undefined` for an error that is not a reply: of the network, of the client, or a time-out. */
export function replyCodeOf(error: unknown): string | undefined {
  return REPLY_CODE.exec(String((error as Partial<Error> | null | undefined)?.message))?.[1];
}

/** Of the moment: the server starts, fails over or moves slots, and nothing of the command was carried out. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'LOADING',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'MASTERDOWN',
  'READONLY',
]);

/** Without a reply it may have been applied; it is sent again all the same, since every write knows its own owner. */
export function isWorthAnotherTry(error: unknown): boolean {
  const code = replyCodeOf(error);
  return code === undefined || TRANSIENT_CODES.has(code);
}

/** Their messages are fixed texts of the server's; that of `ERR` may quote the command, recorded result included. */
const CODES_THAT_QUOTE_NOTHING: ReadonlySet<string> = new Set([
  ...TRANSIENT_CODES,
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
  'OOM',
  'MISCONF',
  'NOREPLICAS',
  'WRONGTYPE',
]);

export function storeErrorOfCommand(error: unknown): Error {
  if (error instanceof IdempotencyError) return error;
  const code = replyCodeOf(error);
  return new StoreError(messageFor(code, error), { cause: causeWithoutCommand(code, error) });
}

function messageFor(code: string | undefined, error: unknown): string {
  switch (code) {
    case 'NOAUTH':
    case 'WRONGPASS':
    case 'NOPERM':
      return `The Valkey user may not do what the idempotency store does (${code}). It needs INFO, EVALSHA and EVAL, and in scripts TIME, EXISTS, HGETALL, HMGET, HGET, HKEYS, HSTRLEN, HSET, HDEL, DEL and PEXPIRE, on the keys with the store's prefix.`;
    case 'WRONGTYPE':
      return 'What lies under this key is not a record of this library, and no hash. Is the key prefix shared with something else?';
    case 'OOM':
      return 'The Valkey server has no memory left and refuses to write (OOM). Nothing was recorded.';
    default: {
      const kind = code ?? (error instanceof Error ? error.name : 'unknown error');
      return `Valkey did not complete a command for the idempotency store (${kind}).`;
    }
  }
}

/**
 * Loggers print causes, and clients hang the whole command on their errors, recorded result included. So what is kept is
 * the kind of the error, and its message where that quotes nothing.
 */
function causeWithoutCommand(code: string | undefined, error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  const quotesNothing = code === undefined || CODES_THAT_QUOTE_NOTHING.has(code);
  const message = quotesNothing ? error.message : 'The message is left out, for it may quote the command.';
  const { name } = error;
  const { code: networkCode } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message), {
    name,
    ...(networkCode === undefined ? {} : { code: networkCode }),
  });
}
