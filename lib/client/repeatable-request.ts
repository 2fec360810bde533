import { BodyNotRepeatableError } from './errors.ts';

export type FetchInput = Parameters<typeof fetch>[0];
export type FetchInit = NonNullable<Parameters<typeof fetch>[1]>;

/** A request whose bytes are at hand, so that every try sends the same ones. */
export interface RepeatableRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /** Whatever else `fetch` was told: credentials, mode, redirect, a dispatcher. */
  readonly init: FetchInit;
}

/** What a `Request` says of how it is to be sent, beside method, headers, body and signal. */
const SENDING_MEMBERS = [
  'cache',
  'credentials',
  'integrity',
  'keepalive',
  'mode',
  'redirect',
  'referrer',
  'referrerPolicy',
] as const;

/** In capitals: `fetch` sends `patch` as it is spelt, and servers do not know that method. */
export function methodOf(input: FetchInput, init: FetchInit | undefined): string {
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
  return method.toUpperCase();
}

export function signalOf(input: FetchInput, init: FetchInit | undefined): AbortSignal | undefined {
  return init?.signal ?? (input instanceof Request ? input.signal : undefined);
}

/**
 * Reads the body once, whatever it is: a second serialisation of a form would have another boundary, and a stream has no
 * second reading at all.
 * @throws BodyNotRepeatableError for a body of more than `maxBytes`; what `fetch` throws for a request that makes no sense;
 *   the reason of the caller's signal
 */
export async function repeatableRequest(
  input: FetchInput,
  init: FetchInit | undefined,
  maxBytes: number,
): Promise<RepeatableRequest> {
  const method = methodOf(input, init);
  const request = new Request(input, {
    ...init,
    method,
    // A stream has to announce that its answer may come before its end; other bodies do not mind.
    ...({ duplex: 'half' } as object),
  });
  request.signal.throwIfAborted();
  const { signal: _signal, body: _body, method: _method, headers: _headers, ...rest } = init ?? {};
  const sending = Object.fromEntries(
    SENDING_MEMBERS.map((member) => [member, request[member]]).filter(([, value]) => value !== undefined),
  );
  return {
    url: request.url,
    method,
    headers: new Headers(request.headers),
    body: await bodyOf(request, maxBytes),
    init: { ...sending, ...rest },
  };
}

async function bodyOf(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (request.body === null) return undefined;
  if (request.body !== undefined) return readAtMost(request.body, maxBytes, request.signal);
  // Firefox has no `Request.body`, and takes no streams: all that there is is in memory already.
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > maxBytes) throw new BodyNotRepeatableError(maxBytes);
  return bytes.byteLength === 0 ? undefined : bytes;
}

async function readAtMost(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel(signal.reason).catch(() => {}); // The stream's own trouble ends the reading.
  signal.addEventListener('abort', stop, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      length += value.byteLength;
      if (length > maxBytes) {
        stop();
        throw new BodyNotRepeatableError(maxBytes);
      }
      chunks.push(value);
    }
    const bytes = new Uint8Array(length);
    let offset = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, offset);
      offset += chunk.byteLength;
    }
    return bytes;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
