import { orAbort } from './or-abort.ts';
import { readProblem, serverProblemCode } from './problem.ts';
import type { RepeatableRequest } from './repeatable-request.ts';
import type { TryOutcome } from './retry-policy.ts';

export interface TrySettings {
  readonly fetch: typeof fetch;
  /** Headers that are asked for anew before each try. */
  readonly headers: (() => HeadersInit | Promise<HeadersInit>) | undefined;
  readonly bufferResponse: boolean;
}

/** `HeadersInit` of both platforms' types. */
export type HeadersInit = ConstructorParameters<typeof Headers>[0];

/**
 * Sends the request once, and reads the answer to its end: one that breaks off in the middle is no answer yet, and the next
 * try gets the whole of it.
 * @param keyHeader - name and value
 * @throws the reason of `signal` when that aborts, and what `settings.headers` throws; all else is an outcome
 */
export async function tryOnce(
  request: RepeatableRequest,
  keyHeader: readonly [name: string, value: string],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  settings: TrySettings,
): Promise<TryOutcome> {
  signal?.throwIfAborted();
  const stopper = new AbortController();
  const stop = () => stopper.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  let timedOut = false;
  const alarm = setTimeout(() => {
    timedOut = true;
    stopper.abort(new DOMException(`No answer within ${timeoutMs} ms.`, 'TimeoutError'));
  }, timeoutMs);
  try {
    const headers = await orAbort(headersOfTry(request, keyHeader, settings), stopper.signal);
    const response = await settings.fetch(request.url, {
      ...request.init,
      method: request.method,
      headers,
      signal: stopper.signal,
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    const problemCode = serverProblemCode(await readProblem(response));
    // The clone is read, and with it the bytes of the original, which keeps its URL and type.
    if (settings.bufferResponse && response.body !== null) await response.clone().arrayBuffer();
    return { kind: 'answer', response, problemCode };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof HeadersFailure) throw error.cause;
    return { kind: 'failed', reason: timedOut ? 'timeout' : 'network', error };
  } finally {
    clearTimeout(alarm);
    // Where the answer is still being read, the caller's signal goes on to stop that.
    if (settings.bufferResponse) signal?.removeEventListener('abort', stop);
  }
}

async function headersOfTry(
  request: RepeatableRequest,
  [keyName, keyValue]: readonly [string, string],
  settings: TrySettings,
): Promise<Headers> {
  const headers = new Headers(request.headers);
  new Headers(await freshHeaders(settings)).forEach((value, name) => {
    headers.set(name, value);
  });
  headers.set(keyName, keyValue);
  return headers;
}

/** What the user's own `headers` threw, on its way past everything that is taken for a fault of the network. */
class HeadersFailure extends Error {}

async function freshHeaders({ headers }: TrySettings): Promise<HeadersInit | undefined> {
  try {
    return await headers?.();
  } catch (cause) {
    throw new HeadersFailure('headers', { cause });
  }
}
