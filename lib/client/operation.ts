import { copyOf, deliveryOf } from './delivery.ts';
import { NoAnswerError, OperationChangedError, OperationExpiredError } from './errors.ts';
import { Flight } from './flight.ts';
import { ownKey } from './key-header.ts';
import type { KeptEntry, Outbox } from './outbox.ts';
import { type RepeatableRequest, repeatableRequest, signalOf } from './repeatable-request.ts';
import { requestFingerprint } from './request-fingerprint.ts';
import type { ResolvedClientOptions } from './resolved-options.ts';
import { sendUntilAnswered } from './send-until-answered.ts';
import { whileAlone } from './sending-lock.ts';
import { startStopwatch } from './stopwatch.ts';

/** An operation that outlives a call: one key until it is settled, over every `send`, double click, reload and crash. */
export interface Operation {
  readonly name: string;
  /**
   * Sends it until there is a final answer, or tries or time run out. Calls at the same time share one flight, and each
   * gets an answer of its own to read. Once it is settled, this object gives its answer again and sends nothing; the next
   * operation of this name is another object, and has another key.
   *
   * @param options - `signal` ends this call. The operation goes on while others wait for it, and stays unsettled if not
   * @throws OperationChangedError, OperationExpiredError, OutboxFullError, OutboxUnavailableError (nothing was sent), and what
   *   the function of `createIdempotentFetch` throws
   */
  send(options?: { readonly signal?: AbortSignal }): Promise<Response>;
}

interface NamedFlight {
  readonly fingerprint: string;
  /** `undefined`: it was settled elsewhere while the outbox was resumed. */
  readonly flight: Flight<Response | undefined>;
}

/** Sends the operations of one client, each name once at a time. */
export class OperationSender {
  readonly #options: ResolvedClientOptions;
  readonly #outbox: Outbox;
  readonly #flights = new Map<string, NamedFlight>();

  constructor(options: ResolvedClientOptions, outbox: Outbox) {
    // The answer is copied for each who waits, and settles the operation only when all of it is there.
    this.#options = { ...options, bufferResponse: true };
    this.#outbox = outbox;
  }

  operation(name: string, ...[input, init]: Parameters<typeof fetch>): Operation {
    const ownSignal = signalOf(input, init);
    let request: Promise<RepeatableRequest> | undefined;
    let settled: Response | undefined;
    return {
      name,
      send: async ({ signal = ownSignal } = {}) => {
        signal?.throwIfAborted();
        if (settled !== undefined) return copyOf(settled);
        request ??= repeatableRequest(input, init, this.#options.requestMaxBytes);
        const response = await this.#send(name, await request, signal);
        if (deliveryOf(response)?.settled) settled = response;
        return copyOf(response);
      },
    };
  }

  async #send(name: string, request: RepeatableRequest, signal: AbortSignal | undefined): Promise<Response> {
    const id = await this.#outbox.idOf(name);
    const fingerprint = await requestFingerprint(request, this.#options.keyHeader);
    for (;;) {
      const { flight } = this.#flightOf(id, name, fingerprint, (stopped) =>
        this.#deliver(id, name, fingerprint, request, stopped),
      );
      const response = await flight.join(signal);
      if (response !== undefined) return response;
    }
  }

  /**
   * Sends what lies in the outbox.
   * @returns `undefined` if another tab or process has settled it meanwhile
   */
  resume(kept: KeptEntry): Promise<Response | undefined> {
    const { id, entry } = kept;
    const { flight } = this.#flightOf(id, entry.name, entry.fingerprint, (signal) =>
      this.#alone(kept, entry.request, signal, { onlyIfHeld: true }),
    );
    return flight.join(undefined);
  }

  /** The one that is on its way, or a new one. Nothing can come between the look and the start. */
  #flightOf(
    id: string,
    name: string,
    fingerprint: string,
    start: (signal: AbortSignal) => Promise<Response | undefined>,
  ): NamedFlight {
    const running = this.#flights.get(id);
    if (running !== undefined && !running.flight.abandoned) {
      if (running.fingerprint !== fingerprint) throw new OperationChangedError(name);
      return running;
    }
    const named = { fingerprint, flight: new Flight(start) };
    this.#flights.set(id, named);
    void named.flight.over.then(() => {
      if (this.#flights.get(id) === named) this.#flights.delete(id);
    });
    return named;
  }

  async #deliver(
    id: string,
    name: string,
    fingerprint: string,
    request: RepeatableRequest,
    signal: AbortSignal,
  ): Promise<Response | undefined> {
    const { keyHeader, newKey, now } = this.#options;
    // Before its turn, so that whoever waits behind another tab waits with that one's key.
    const kept = await this.#outbox.keep(id, () => ({
      name,
      key: ownKey(request.headers, keyHeader) ?? newKey(),
      fingerprint,
      createdAtMs: now(),
      request,
    }));
    if (kept.entry.fingerprint !== fingerprint) throw new OperationChangedError(name);
    // The kept bytes, which a form is written in otherwise than in these; the headers of now, a token among them.
    const headers = new Headers(request.headers);
    const contentType = kept.entry.request.headers.get('content-type');
    if (contentType !== null) headers.set('content-type', contentType);
    return this.#alone(kept, { ...request, headers, body: kept.entry.request.body }, signal, {
      onlyIfHeld: false,
    });
  }

  async #alone(
    kept: KeptEntry,
    request: RepeatableRequest,
    signal: AbortSignal,
    { onlyIfHeld }: { readonly onlyIfHeld: boolean },
  ): Promise<Response | undefined> {
    const { deadlineMs } = this.#options;
    const { name, key } = kept.entry;
    const elapsedMs = startStopwatch(this.#options);
    const patience = patienceOf(signal, deadlineMs);
    const { storage, leaseMs } = this.#outbox;
    const work = async () => {
      patience.end();
      if (onlyIfHeld && !(await this.#outbox.holds(kept))) return undefined;
      if (this.#outbox.isExpired(kept.entry)) throw new OperationExpiredError(name);
      const sending = { request, key, operation: name, resumed: kept.found, signal, elapsedMs };
      const response = await sendUntilAnswered(sending, this.#options);
      if (deliveryOf(response)?.settled) await this.#settle(kept);
      return response;
    };
    try {
      return await whileAlone(kept.id, patience.signal, work, { storage, leaseMs });
    } finally {
      patience.end();
    }
  }

  /** The operation is over. If its entry stays behind, it is sent once more some day, and the server answers from its record. */
  async #settle(kept: KeptEntry): Promise<void> {
    try {
      await this.#outbox.remove(kept);
    } catch (error) {
      console.warn('lambda-idempotency: a settled operation could not be taken out of the outbox:', error);
    }
  }
}

/** The flight's signal, and besides the end of all time there is: nobody waits behind another tab for longer. */
function patienceOf(signal: AbortSignal, ms: number) {
  const stopper = new AbortController();
  const stop = () => stopper.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const alarm = setTimeout(() => {
    stopper.abort(
      new NoAnswerError(0, new DOMException('Somebody else was sending it all the while.', 'TimeoutError')),
    );
  }, ms);
  return {
    signal: stopper.signal,
    end: () => {
      clearTimeout(alarm);
      signal.removeEventListener('abort', stop);
    },
  };
}
