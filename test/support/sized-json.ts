import { createCipheriv } from 'node:crypto';

export const COMPRESSIBILITIES = ['compressible', 'incompressible'] as const;
export type Compressibility = (typeof COMPRESSIBILITIES)[number];

/**
 * A JSON string of exactly `bytes` bytes, the same each time. The incompressible one is base64, as of a picture: no
 * coder makes less than three quarters of it. Of 0 bytes there is no JSON; the text is then empty.
 */
export function sizedJson(bytes: number, compressibility: Compressibility): string {
  if (bytes === 0) return '';
  const length = bytes - 2;
  return JSON.stringify(compressibility === 'compressible' ? repeated(length) : noise(length));
}

function repeated(length: number): string {
  return 'the same words again, and '.repeat(length / 26 + 1).slice(0, length);
}

/** The key stream of a cipher: as good as random, and no two tests have different ones. */
function noise(length: number): string {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(length)).toString('base64').slice(0, length);
}
