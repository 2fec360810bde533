/** What is known of a request beside its answer. */
export interface Delivery {
  /** The idempotency key that every try carried. For support and logs of your own; it is a capability of its caller. */
  readonly key: string;
  /** Requests that were sent, this answer's included. */
  readonly tries: number;
  /** The answer was recorded by an earlier request with this key (`Idempotent-Replayed: true`). */
  readonly replayed: boolean;
  /** False where trying has ended, and the operation has not: the same key is to be used when it is sent again. */
  readonly settled: boolean;
}

const deliveries = new WeakMap<Response, Delivery>();

/** How this answer was come by; `undefined` for one that no guarded request got. */
export function deliveryOf(response: Response): Delivery | undefined {
  return deliveries.get(response);
}

export function withDelivery(response: Response, delivery: Delivery): Response {
  deliveries.set(response, Object.freeze(delivery));
  return response;
}

/** A copy for one more reader of the same answer. */
export function copyOf(response: Response): Response {
  const delivery = deliveries.get(response);
  const copy = response.clone();
  return delivery === undefined ? copy : withDelivery(copy, delivery);
}
