/** HTTP answers of a given size: the JSON of a cart, as an API sends it, and a picture, of which no coder makes much less. */
import { createHash } from 'node:crypto';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

export const KINDS = ['cart', 'picture'] as const;
export type Kind = (typeof KINDS)[number];

export interface SizedAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
}

const WORDS =
  'apple pear organic wool cotton shirt blue green red large small medium delivery within days the of and with for fresh crisp hand made from local farm soft warm winter summer edition classic light heavy bottle glass pack'.split(
    ' ',
  );

/** An answer whose JSON, as Lambda sends it, has at most `bytes` bytes, and hardly less. The same one each time. */
export function sizedAnswer(kind: Kind, bytes: number): SizedAnswer {
  return kind === 'cart' ? cartAnswer(bytes) : pictureAnswer(bytes);
}

function cartAnswer(bytes: number): SizedAnswer {
  const random = xoroshiro128plus(1);
  const lines: object[] = [];
  const answer = (): SizedAnswer => ({
    statusCode: 201,
    headers: { 'content-type': 'application/json', location: '/cart/c1' },
    body: JSON.stringify({ cartId: 'c1', lines }),
  });
  let left = bytes - jsonBytes(answer());
  while (left > 0) {
    const line = cartLine(random, lines.length);
    lines.push(line);
    // The body is a string within the answer, where each of its quotation marks is two characters.
    left -= jsonBytes(JSON.stringify(line)) - 1;
  }
  while (jsonBytes(answer()) > bytes) lines.pop();
  return answer();
}

function cartLine(random: RandomGenerator, index: number): object {
  const upTo = (max: number) => uniformInt(random, 0, max);
  const words = (least: number, most: number) =>
    Array.from({ length: uniformInt(random, least, most) }, () => WORDS[upTo(WORDS.length - 1)]).join(' ');
  const lineId = createHash('sha256').update(`line ${index}`).digest('hex').slice(0, 32);
  return {
    lineId: lineId.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'),
    sku: `SKU-${upTo(999_999)}`,
    name: words(3, 5),
    quantity: 1 + upTo(8),
    unitPrice: { amount: (upTo(20_000) / 100).toFixed(2), currency: 'EUR' },
    addedAt: new Date(1_800_000_000_000 + upTo(1_000_000_000)).toISOString(),
    inStock: upTo(4) > 0,
    note: upTo(4) > 0 ? null : words(8, 17),
  };
}

function pictureAnswer(bytes: number): SizedAnswer {
  const answer = (body: string): SizedAnswer => ({
    statusCode: 200,
    headers: { 'content-type': 'image/jpeg' },
    body,
    isBase64Encoded: true,
  });
  const random = xoroshiro128plus(2);
  const pixels = Buffer.alloc(Math.floor(((bytes - jsonBytes(answer(''))) * 3) / 4 / 3) * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = random.next() & 0xff;
  return answer(pixels.toString('base64'));
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
