/**
 * What is kept of an error that was made from a reply of DynamoDB's, as the `cause` of ours.
 *
 * Loggers print causes. A reply can hold the item that stood in the way, recorded response included: the SDK makes
 * members of the error from all that the reply has, some messages quote values, and the parser quotes a reply that
 * it cannot read. So what is kept is the kind of the error and the id under which AWS knows the request; that no table
 * is misused for want of a message is the business of the `StoreError` itself. Errors that no reply is part of
 * (network, time-outs, credentials) are kept whole.
 */
export function causeWithoutItems(error: unknown): unknown {
  if (isUnparsed(error)) return withoutBytes(error);
  if (!isMadeFromReply(error)) return error;
  const { name, message, $metadata } = error;
  // It names the caller, the action and the ARN, which is what somebody needs to mend a policy.
  const kept =
    name === 'AccessDeniedException' ? message : 'The message is left out, for it may quote the item.';
  return Object.assign(new Error(kept), { name, $metadata });
}

interface ReplyError extends Error {
  readonly $metadata: { readonly httpStatusCode: number };
}

/** What is no HTTP comes with the error of Node's parser, as it is. */
interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket: unknown;
}

function isUnparsed(error: unknown): error is ParserError {
  return Object(error).rawPacket !== undefined;
}

function withoutBytes({ name, message, code }: ParserError): Error {
  return Object.assign(new Error(message), { name, code });
}

function isMadeFromReply(error: unknown): error is ReplyError {
  const { $metadata } = Object(error) as { readonly $metadata?: { readonly httpStatusCode?: unknown } };
  return typeof $metadata?.httpStatusCode === 'number';
}
