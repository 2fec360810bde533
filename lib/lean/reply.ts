/** What a reply of DynamoDB's says: the output of the operation, or an error under the code that DynamoDB gives it. */
import { crc32 } from 'node:zlib';
import type { CancellationReason } from '@aws-sdk/client-dynamodb';
import type { ReadReply, WriteReply } from '../stores/dynamodb-api.ts';
import type { Item } from '../stores/dynamodb-record.ts';
import { decodedItem } from './attribute-values.ts';
import type { HttpReply } from './http-exchange.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * @throws an error as the port wants it, and one that says what is wrong with the reply where it is neither an output nor
 * a refusal of DynamoDB's: what is not understood is never taken for "done" or "not there"
 */
export function outputOf(reply: HttpReply): ReadReply & WriteReply {
  if (isDamaged(reply)) {
    // The same as a reply that was lost: `$retryable` says so to AWS's own retries.
    throw replyError(reply, 'DamagedReplyError', 'The reply does not have the checksum that came with it.', {
      $retryable: {},
    });
  }
  const body = bodyOf(reply);
  if (reply.status !== 200) throw refusal(reply, body);
  if (body === undefined) throw unreadable(reply);
  return decoding(reply, () => ({
    ...optionalItem('Attributes', body['Attributes']),
    ...optionalItem('Item', body['Item']),
  }));
}

/** DynamoDB sends a checksum with each reply; some engines that stand in for it do not. */
function isDamaged({ headers, body }: HttpReply): boolean {
  const stated = headers['x-amz-crc32'];
  return stated !== undefined && Number(stated) !== crc32(body);
}

/** `undefined` where it is no JSON object, or is not said to be. */
function bodyOf({ headers, body }: HttpReply): Body | undefined {
  if (!/^application\/(x-amz-)?json\b/i.test(headers['content-type'] ?? '')) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // The parser's own message would quote the reply.
  }
}

function refusal(reply: HttpReply, body: Body | undefined): Error {
  const name = codeOf(body?.['__type']);
  if (body === undefined || name === undefined) return unreadable(reply);
  const message = String(body['message'] ?? body['Message'] ?? '');
  return replyError(
    reply,
    name,
    message,
    decoding(reply, () => ({
      ...optionalItem('Item', body['Item']),
      ...cancellationReasons(body['CancellationReasons']),
    })),
  );
}

/** Such as `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`. Nothing else gets into an error's name. */
function codeOf(type: unknown): string | undefined {
  if (typeof type !== 'string') return undefined;
  return /^(?:[\w.]+#)?([A-Za-z]\w{0,99})$/.exec(type)?.[1];
}

function cancellationReasons(reasons: unknown): { readonly CancellationReasons?: CancellationReason[] } {
  if (!Array.isArray(reasons)) return {};
  return {
    CancellationReasons: reasons.map((reason: unknown) => {
      const { Item: item, ...others } = Object(reason) as Body;
      return { ...others, ...optionalItem('Item', item) };
    }),
  };
}

function optionalItem<Name extends string>(name: Name, item: unknown): { readonly [key in Name]?: Item } {
  // The one member is the one that the type has, which the compiler cannot see of a computed name.
  return (item === undefined || item === null ? {} : { [name]: decodedItem(item) }) as {
    readonly [key in Name]?: Item;
  };
}

function decoding<T>(reply: HttpReply, decode: () => T): T {
  try {
    return decode();
  } catch {
    throw unreadable(reply);
  }
}

function unreadable(reply: HttpReply): Error {
  return replyError(
    reply,
    'UnreadableReplyError',
    `The reply, of status ${reply.status}, is not one of DynamoDB's.`,
  );
}

/** `$metadata` as the SDK has it: it marks the error as made from a reply, and so as not for loggers. */
function replyError({ status, headers }: HttpReply, name: string, message: string, members: object = {}) {
  const $metadata = { httpStatusCode: status, requestId: headers['x-amzn-requestid'] };
  return Object.assign(new Error(message), { name, $metadata, ...members });
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
