/**
 * What may go into the log of an error that nobody expected. An error that the AWS SDK made from a reply can quote the
 * item, and with it what the client sent, in its message and in members of its own; so its name is logged, and the id
 * under which AWS knows the request. Other errors come from code, which does not write payloads into its messages.
 */
export function loggableError(error: unknown): Error {
  const { name, $metadata } = Object(error) as {
    readonly name?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  };
  if ($metadata?.httpStatusCode === undefined)
    return error instanceof Error ? error : new Error('unknown error');
  return new Error(
    `${String(name)} (status ${$metadata.httpStatusCode}, request ${$metadata.requestId ?? 'unknown'})`,
  );
}
