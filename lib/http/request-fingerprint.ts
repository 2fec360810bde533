import {
  canonicalJson,
  fingerprintOf,
  fingerprintOfBytes,
  fingerprintOfCanonicalJson,
  sha256Base64url,
} from '../idempotency/fingerprint.ts';
import type { HttpRequest } from './http-request.ts';

/**
 * Fingerprint of what a request asks for: its query and its body. Method, path and caller are not in it, since
 * they are the scope of the key; headers are not, since proxies and retries change them.
 *
 * JSON bodies are equal if their values are (RFC 8785), so neither white space, the order of members, nor a
 * body parser that ran earlier makes a difference. Other bodies, and JSON that has no canonical form, are equal
 * if their bytes are. In the query, only the order of the values of one name counts.
 *
 * @returns base64url SHA-256.
 * @throws ConfigurationError where a body parser that ran earlier has left something that is not JSON.
 */
export function fingerprintHttpRequest(request: HttpRequest): string {
  // Arrays in JSON rather than joined strings: no value can imitate the border between two others.
  return sha256Base64url(JSON.stringify([sortedByName(request.query), bodyFingerprint(request)]));
}

function bodyFingerprint(request: HttpRequest): string | null {
  const { body } = request;
  switch (body.kind) {
    case 'none':
      return null;
    case 'parsed':
      return fingerprintOf(body.value);
    case 'bytes': {
      const canonical = isJson(request.headerValues('content-type')[0])
        ? canonicalJson(parseJson(body.bytes))
        : undefined;
      return canonical === undefined ? fingerprintOfBytes(body.bytes) : fingerprintOfCanonicalJson(canonical);
    }
  }
}

/** `sort` is stable, so the values of one name stay in their order. By code unit: the same in every locale. */
function sortedByName(query: HttpRequest['query']): HttpRequest['query'] {
  return [...query].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** `application/json` and the `+json` types (RFC 6839 section 3.1), with or without parameters. */
function isJson(contentType: string | undefined): boolean {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return (
    mediaType !== undefined && (mediaType === 'application/json' || /^[^/]+\/[^/]+\+json$/.test(mediaType))
  );
}

/**
 * Made with the first body, for Node loads it then. Fatal: bytes that are not UTF-8 would all become U+FFFD, and different
 * bodies equal. Keeps nothing between two texts.
 */
let utf8: InstanceType<typeof TextDecoder> | undefined;

/** `undefined` where the bytes are not JSON: a value that JSON itself does not have. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    utf8 ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}
