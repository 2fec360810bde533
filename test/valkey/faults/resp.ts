/** As much of the protocol (RESP) as the proxy has to read: commands as clients send them, arrays of bulk strings. */

export interface Command {
  readonly words: readonly Buffer[];
  /** As it came, to be handed on. */
  readonly bytes: Buffer;
}

const LINE_END = '\r\n';

/** Cuts a stream of bytes into commands. */
export class CommandReader {
  #unread = Buffer.alloc(0);

  /** The commands that are whole by now. */
  read(chunk: Buffer): Command[] {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    const commands: Command[] = [];
    for (let next = firstCommand(this.#unread); next !== undefined; next = firstCommand(this.#unread)) {
      commands.push(next);
      this.#unread = this.#unread.subarray(next.bytes.length);
    }
    return commands;
  }
}

function firstCommand(bytes: Buffer): Command | undefined {
  const head = lineAt(bytes, 0, '*');
  if (head === undefined) return undefined;
  const words: Buffer[] = [];
  let offset = head.end;
  for (let index = 0; index < head.number; index += 1) {
    const length = lineAt(bytes, offset, '$');
    if (length === undefined) return undefined;
    const wordEnd = length.end + length.number;
    if (bytes.length < wordEnd + LINE_END.length) return undefined;
    words.push(bytes.subarray(length.end, wordEnd));
    offset = wordEnd + LINE_END.length;
  }
  return { words, bytes: bytes.subarray(0, offset) };
}

/** A line such as `*3` or `$12`; `undefined` while it has not arrived. */
function lineAt(
  bytes: Buffer,
  offset: number,
  kind: string,
): { readonly number: number; readonly end: number } | undefined {
  const end = bytes.indexOf(LINE_END, offset);
  if (end === -1) return undefined;
  const line = bytes.subarray(offset, end).toString('latin1');
  if (line[0] !== kind) throw new Error(`A command begins with ${kind}, and not as this: ${line}`);
  return { number: Number(line.slice(1)), end: end + LINE_END.length };
}
