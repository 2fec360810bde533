import type { HttpBody } from './http-request.ts';
import { ownProperty } from './own-property.ts';

const NO_BODY: HttpBody = Object.freeze({ kind: 'none' });

/** What front doors send: the standard alphabet of RFC 4648 section 4, padded. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The body of an event. Some body parsers keep the text as `rawBody` when they put the parsed value in `body`;
 * it wins, being what was sent. None of them resets `isBase64Encoded`, so the flag says something about strings
 * only.
 *
 * A JSON text that is itself a string (`"abc"`) leaves a string behind when it is parsed, which cannot be told
 * from a text that was not. Its fingerprint then depends on whether the parser runs before us, but stays the
 * same from one retry to the next.
 */
export function readBody(event: unknown): HttpBody {
  const rawBody = ownProperty(event, 'rawBody');
  const body = typeof rawBody === 'string' ? rawBody : ownProperty(event, 'body');
  if (body === undefined || body === null || body === '') return NO_BODY;
  if (typeof body === 'string')
    return bytesBody(decodeText(body, ownProperty(event, 'isBase64Encoded') === true));
  if (body instanceof Uint8Array) return bytesBody(body);
  return { kind: 'parsed', value: body };
}

function bytesBody(bytes: Uint8Array): HttpBody {
  return bytes.length === 0 ? NO_BODY : { kind: 'bytes', bytes };
}

/**
 * `Buffer.from(text, 'base64')` skips what is not base64, so that different texts would give the same bytes. A
 * text that cannot be base64 was put there by a parser, and counts as it stands.
 */
function decodeText(text: string, isBase64Encoded: boolean): Uint8Array {
  return isBase64Encoded && text.length % 4 === 0 && BASE64.test(text)
    ? Buffer.from(text, 'base64')
    : Buffer.from(text, 'utf8');
}
