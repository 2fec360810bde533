import { fromBase64, toBase64 } from './base64.ts';
import type { FetchInit, RepeatableRequest } from './repeatable-request.ts';

/** An operation that is not settled: all that it takes to send it again, by somebody who has nothing else. */
export interface OutboxEntry {
  readonly name: string;
  readonly key: string;
  /** Of the request, see `requestFingerprint`. */
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly request: RepeatableRequest;
}

/** A text of another version is not understood, and left alone: another page of this origin may be newer. */
const VERSION = 1;

/**
 * @param keepHeaders - names of the headers that are written down. Not the others: an access token has no place on a disk, and
 *   would have run out by the time it is read.
 */
export function writeEntry(entry: OutboxEntry, keepHeaders: readonly string[]): string {
  const { request, ...rest } = entry;
  const headers = keepHeaders.flatMap((name) => {
    const value = request.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return JSON.stringify({
    version: VERSION,
    ...rest,
    method: request.method,
    url: request.url,
    headers,
    body: request.body === undefined ? null : toBase64(request.body),
    credentials: request.init.credentials ?? null,
  });
}

/** `undefined` for a text that is not an entry of this version. */
export function readEntry(text: string): OutboxEntry | undefined {
  try {
    const value: Record<string, unknown> = JSON.parse(text);
    const { version, name, key, fingerprint, createdAtMs, method, url, headers, body, credentials } = value;
    if (version !== VERSION || typeof createdAtMs !== 'number') return undefined;
    const texts = [name, key, fingerprint, method, url];
    if (!texts.every((member) => typeof member === 'string')) return undefined;
    return {
      name: String(name),
      key: String(key),
      fingerprint: String(fingerprint),
      createdAtMs,
      request: {
        method: String(method),
        url: String(url),
        headers: new Headers(headers as [string, string][]), // As written above; anything else throws.
        body: typeof body === 'string' ? fromBase64(body) : undefined,
        init:
          typeof credentials === 'string'
            ? { credentials: credentials as NonNullable<FetchInit['credentials']> }
            : {},
      },
    };
  } catch {
    return undefined; // Cut off, or not ours.
  }
}
