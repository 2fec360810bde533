import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { invalidRequest } from './problem-answers.ts';

/**
 * The body as an object. The content type is not looked at: what counts is whether the body is JSON, and `curl -d` calls
 * everything a form.
 * @param fields - what the object should have, for the error
 * @throws ProblemError (400)
 */
export function readJsonObject(
  { body = '', isBase64Encoded }: APIGatewayProxyEventV2,
  fields: readonly string[],
): Readonly<Record<string, unknown>> {
  // API Gateway encodes every body whose content type it does not take for text, `curl -d` among them.
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest([{ field: 'body', message: 'must be JSON' }]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidRequest([{ field: 'body', message: `must be a JSON object with ${fields.join(', ')}` }]);
  }
  return value as Readonly<Record<string, unknown>>; // An object that is no array, as checked above.
}
