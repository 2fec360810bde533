/** Text that is written as it is, an object that is yet to be written, or the end of one. */
type Piece = string | { readonly opens: object } | { readonly closes: object };

/**
 * The text of `JSON.stringify(value)`, for any depth. The built-in function recurses, and where it overflows the
 * stack depends on who calls and on what the compiler has done so far; `JSON.parse` does not, so that a client can
 * send what could not be written again.
 *
 * @returns `undefined` where JSON has nothing to say of `value`.
 * @throws TypeError for a `bigint` and for a cycle, and whatever a `toJSON` throws.
 */
export function deepJson(value: unknown): string | undefined {
  const whole = pieceOf(value, '');
  if (whole === undefined) return undefined;
  const written: string[] = [];
  const ancestors = new Set<object>();
  // A stack: the next piece is the last.
  const rest: Piece[] = [whole];
  for (let piece = rest.pop(); piece !== undefined; piece = rest.pop()) {
    if (typeof piece === 'string') {
      written.push(piece);
    } else if ('closes' in piece) {
      ancestors.delete(piece.closes);
    } else {
      const { opens } = piece;
      if (ancestors.has(opens)) throw new TypeError('The value contains itself.');
      ancestors.add(opens);
      rest.push({ closes: opens });
      const pieces = Array.isArray(opens) ? piecesOfArray(opens) : piecesOfObject(opens);
      for (const inner of pieces.reverse()) rest.push(inner);
    }
  }
  return written.join('');
}

function piecesOfArray(items: readonly unknown[]): Piece[] {
  const pieces: Piece[] = [];
  for (let index = 0; index < items.length; index++) {
    pieces.push(index === 0 ? '[' : ',', pieceOf(items[index], String(index)) ?? 'null');
  }
  return pieces.length === 0 ? ['[]'] : [...pieces, ']'];
}

function piecesOfObject(object: object): Piece[] {
  const pieces: Piece[] = [];
  for (const [name, member] of Object.entries(object)) {
    const piece = pieceOf(member, name);
    if (piece !== undefined) pieces.push(`${pieces.length === 0 ? '{' : ','}${JSON.stringify(name)}:`, piece);
  }
  return pieces.length === 0 ? ['{}'] : [...pieces, '}'];
}

/** `undefined` for what JSON leaves out. */
function pieceOf(value: unknown, name: string): Piece | undefined {
  const { toJSON } = Object(value) as { readonly toJSON?: unknown };
  const sent: unknown = typeof toJSON === 'function' ? Reflect.apply(toJSON, value, [name]) : value;
  return typeof sent === 'object' && sent !== null && !isBoxedPrimitive(sent)
    ? { opens: sent }
    : (JSON.stringify(sent) as string | undefined); // Its declared type forgets that it can be.
}

function isBoxedPrimitive(value: object): boolean {
  return [Number, String, Boolean, BigInt].some((type) => value instanceof type);
}
