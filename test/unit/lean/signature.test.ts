/** Signatures, held against AWS's own signer and against the SDK's requests. */
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { signedHeaders } from '../../../lib/lean/signature.ts';

const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const NOW = new Date('2027-01-02T03:04:05.678Z');

/** What SignatureV4 asks of a hash. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | Uint8Array | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new Error('SignatureV4 does not reset.');
  }
}

/** The same headers, signed by AWS's own package. */
async function signedByAws(
  headers: Readonly<Record<string, string | number>>,
  {
    body,
    region,
    ...credentials
  }: { body: Buffer; region: string } & typeof CREDENTIALS & { sessionToken?: string },
): Promise<string | undefined> {
  const signer = new SignatureV4({
    service: 'dynamodb',
    region,
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const unsigned = Object.entries(headers).filter(([name]) => name !== 'Authorization');
  const request = {
    method: 'POST',
    protocol: 'https:',
    hostname: String(headers['Host']),
    path: '/',
    query: {},
    headers: Object.fromEntries(unsigned.map(([name, value]) => [name.toLowerCase(), String(value)])),
    body,
  };
  const signed = await signer.sign(request, { signingDate: NOW });
  return signed.headers['authorization'];
}

describe('a request', () => {
  test.each(['us-east-1', 'eu-west-1', 'us-gov-west-1'])(
    'to %s has the signature that AWS makes',
    async (region) => {
      for (const sessionToken of [undefined, 'a/session+token==']) {
        await fc.assert(
          fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 200 }), async (text) => {
            const body = Buffer.from(JSON.stringify({ text }));
            const credentials = { ...CREDENTIALS, ...(sessionToken === undefined ? {} : { sessionToken }) };
            const unsigned = {
              host: `dynamodb.${region}.amazonaws.com`,
              region,
              target: 'DynamoDB_20120810.PutItem',
              body,
            };
            const headers = signedHeaders(unsigned, credentials, NOW);
            expect(headers['Authorization']).toBe(
              await signedByAws(headers, { ...credentials, region, body }),
            );
          }),
          { numRuns: 10 },
        );
      }
    },
  );

  test('has every header in its signature, and the time that it was given', () => {
    const headers = signedHeaders(
      {
        host: 'localhost:8000',
        region: 'eu-west-1',
        target: 'DynamoDB_20120810.GetItem',
        body: Buffer.from('{}'),
      },
      { ...CREDENTIALS, sessionToken: 'token' },
      NOW,
    );
    const { Authorization: authorization, ...others } = headers;
    expect(others).toEqual({
      Host: 'localhost:8000',
      'Content-Type': 'application/x-amz-json-1.0',
      'Content-Length': 2,
      'X-Amz-Target': 'DynamoDB_20120810.GetItem',
      'X-Amz-Date': '20270102T030405Z',
      'X-Amz-Security-Token': 'token',
    });
    expect(authorization).toContain(
      'Credential=AKIDEXAMPLE/20270102/eu-west-1/dynamodb/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token;x-amz-target, ',
    );
    expect(JSON.stringify(headers)).not.toContain(CREDENTIALS.secretAccessKey);
  });

  test('with other keys, or of another day, has another signature', () => {
    const unsigned = { host: 'h', region: 'eu-west-1', target: 't', body: Buffer.from('{}') };
    const signatures = [
      signedHeaders(unsigned, CREDENTIALS, NOW),
      signedHeaders(unsigned, { ...CREDENTIALS, secretAccessKey: 'another' }, NOW),
      signedHeaders(unsigned, CREDENTIALS, new Date(NOW.getTime() + 86_400_000)),
      signedHeaders({ ...unsigned, body: Buffer.from('{ }') }, CREDENTIALS, NOW),
    ].map(({ Authorization: authorization }) => String(authorization).split('Signature=')[1]);
    expect(new Set(signatures).size).toBe(4);
  });
});
