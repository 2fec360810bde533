import { sha256 } from './digest.ts';
import { ownKey } from './key-header.ts';
import type { RepeatableRequest } from './repeatable-request.ts';

/**
 * What an operation's key is bound to: method, URL, body, and the key that the request brings along, if any. Bodies are
 * compared by their bytes. The server compares JSON by value, so that nothing passes here that it would refuse.
 */
export function requestFingerprint(request: RepeatableRequest, keyHeader: string): Promise<string> {
  const { method, url, headers, body = new Uint8Array() } = request;
  const boundary = /^multipart\/.*boundary="?([^";]+)/i.exec(headers.get('content-type') ?? '')?.[1];
  return sha256(
    JSON.stringify([method, url, ownKey(headers, keyHeader) ?? null]),
    boundary === undefined ? body : withoutBoundary(body, boundary),
  );
}

/** A form is given another random boundary each time it is written, and is the same form. */
function withoutBoundary(body: Uint8Array<ArrayBuffer>, boundary: string): string {
  return new TextDecoder('latin1').decode(body).replaceAll(boundary, '');
}
