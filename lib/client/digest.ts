import { ClientConfigurationError } from './errors.ts';

/**
 * SHA-256 in lower-case hexadecimal.
 * @throws ClientConfigurationError where there is no Web Crypto: in pages that are not of a secure context
 */
export async function sha256(...parts: readonly (string | Uint8Array<ArrayBuffer>)[]): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) {
    throw new ClientConfigurationError(
      'There is no crypto.subtle here. Serve the page by https or from localhost.',
    );
  }
  const encoder = new TextEncoder();
  const digests = parts.map((part) =>
    globalThis.crypto.subtle.digest('SHA-256', typeof part === 'string' ? encoder.encode(part) : part),
  );
  // A digest of digests: parts of any length and content cannot be mistaken for others.
  const joined = new Blob(await Promise.all(digests));
  return hex(await globalThis.crypto.subtle.digest('SHA-256', await joined.arrayBuffer()));
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
