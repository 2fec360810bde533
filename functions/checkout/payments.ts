/** Plain data, for it is recorded as the result of a step. */
export type Charge =
  | { readonly status: 'charged'; readonly chargeId: string }
  | { readonly status: 'declined' };

export interface Payments {
  /** Charges a card, once for each `idempotencyKey`. */
  charge(order: {
    readonly idempotencyKey: string;
    readonly amountCents: number;
    readonly cardToken: string;
  }): Promise<Charge>;
}

/** Longer than such a service takes, and short enough to leave time for an answer. */
const REPLY_WITHIN_MS = 5_000;

/**
 * A payment service that honours the `Idempotency-Key` header, as most of them do. It is the other half of the step that
 * calls it: an attempt that dies behind the charge and before its record asks again with the same key, and gets the same
 * charge.
 */
export class HttpPayments implements Payments {
  readonly #url: URL;

  /** @param options.baseUrl - of the service, such as `https://payments.example` */
  constructor(options: { readonly baseUrl: string }) {
    this.#url = new URL('/charges', options.baseUrl);
  }

  /** @throws whatever is no word on the charge: no reply, or a status that says neither yes nor no */
  async charge({
    idempotencyKey,
    amountCents,
    cardToken,
  }: Parameters<Payments['charge']>[0]): Promise<Charge> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey },
      body: JSON.stringify({ amountCents, cardToken }),
      signal: AbortSignal.timeout(REPLY_WITHIN_MS),
    });
    if (response.status === 402) return { status: 'declined' };
    if (!response.ok) throw new Error(`The payment service answered ${response.status}.`);
    // The service's own form, of which the id is all that matters here.
    const { chargeId } = (await response.json()) as { readonly chargeId: string };
    return { status: 'charged', chargeId };
  }
}
