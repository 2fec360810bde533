import aws4 from 'aws4';
import type { LeanCredentials } from './credentials.ts';

export interface Unsigned {
  readonly host: string;
  readonly region: string;
  /** Such as `DynamoDB_20120810.PutItem`. */
  readonly target: string;
  readonly body: Buffer;
}

/**
 * The headers of a request to DynamoDB with a signature over method, path, all of the headers and the body ("AWS Signature
 * Version 4 for API requests", IAM User Guide).
 */
export function signedHeaders(
  { host, region, target, body }: Unsigned,
  { accessKeyId, secretAccessKey, sessionToken }: LeanCredentials,
  now: Date,
): Record<string, string | number> {
  const { headers } = aws4.sign(
    {
      service: 'dynamodb',
      region,
      method: 'POST',
      path: '/',
      headers: {
        Host: host,
        'Content-Type': 'application/x-amz-json-1.0',
        'Content-Length': body.length,
        'X-Amz-Target': target,
        'X-Amz-Date': now.toISOString().replace(/[:-]|\.\d{3}/g, ''),
      },
      body,
    },
    { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  );
  return headers as Record<string, string | number>; // Each is set above or by the signature.
}
