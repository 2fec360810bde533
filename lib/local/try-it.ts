import { randomUUID } from 'node:crypto';

/** A command to paste into a shell, and what it shows. */
export interface Trial {
  readonly title: string;
  readonly command: string;
}

/** With a line break behind the body, which has none. */
const WHOLE_ANSWER = "-i -w '\\n'";
const STATUS_ONLY = "-s -o /dev/null -w '%{http_code}\\n'";

/** A walk through the protocol with curl, under keys and a cart that nobody has used before. */
export function trials(baseUrl: string): readonly Trial[] {
  const cartId = `cart-${randomUUID().slice(0, 8)}`;
  const showId = `show-${randomUUID().slice(0, 8)}`;
  const first = randomUUID();
  const parallel = randomUUID();
  const dropped = randomUUID();

  function post(key: string | undefined, sku: string, ...options: string[]): string {
    return [
      'curl',
      ...(options.includes(STATUS_ONLY) ? [] : [WHOLE_ANSWER]),
      ...options,
      `${baseUrl}/cart/items`,
      ...(key === undefined ? [] : [`-H 'Idempotency-Key: ${key}'`]),
      "-H 'Content-Type: application/json'",
      `-d '${JSON.stringify({ cartId, sku, quantity: 1 })}'`,
    ].join(' ');
  }

  const slowly = "-H 'x-demo-work-ms: 2000'";
  return [
    { title: 'A first request: 201', command: post(first, 'book') },
    { title: 'Its retry: 200, the same line, Idempotent-Replayed: true', command: post(first, 'book') },
    { title: 'The same key with another payload: 422', command: post(first, 'pen') },
    { title: 'No key: 400', command: post(undefined, 'book') },
    {
      title: 'Two at once: one 201, one 409',
      command: `for i in 1 2; do ${post(parallel, 'lamp', STATUS_ONLY, slowly)} & done; wait`,
    },
    {
      title: 'A client that gives up after 1 s, while the handler goes on',
      command: post(dropped, 'chair', '--max-time 1', "-H 'x-demo-work-ms: 3000'"),
    },
    {
      title: 'Its retry: at once 409 with Retry-After, after 3 s 200 with the result',
      command: post(dropped, 'chair'),
    },
    { title: 'The cart: every line once', command: `curl ${WHOLE_ANSWER} ${baseUrl}/cart/${cartId}` },
    {
      title: 'Ten users, one seat: one 201, nine times 409, as each has a key of its own',
      command: `for i in 1 2 3 4 5 6 7 8 9 10; do curl ${STATUS_ONLY} -X POST ${baseUrl}/shows/${showId}/seats/A1/holds -H "Idempotency-Key: ${showId}-$i" & done; wait`,
    },
    {
      title: 'Six labels for a service that takes three at a time: three after 1 s, three after 2 s',
      command: `for i in 1 2 3 4 5 6; do curl -s -w ' after %{time_total} s\\n' ${baseUrl}/labels -H "Idempotency-Key: ${showId}-$i" -H 'x-demo-work-ms: 1000' -d '{"sku":"book"}' & done; wait`,
    },
    {
      title: 'The same request to a function under Powertools, and to the same function moved here: one row',
      command: `for path in powertools moved; do curl ${WHOLE_ANSWER} ${baseUrl}/$path/cart/items -H 'Idempotency-Key: ${first}' -d '${JSON.stringify({ cartId: `${cartId}-moved`, sku: 'book', quantity: 1 })}'; done; curl ${WHOLE_ANSWER} ${baseUrl}/cart/${cartId}-moved`,
    },
    {
      title: 'Another user is told for how long; and what is still for sale',
      command: `curl ${WHOLE_ANSWER} -X POST ${baseUrl}/shows/${showId}/seats/A1/holds -H 'Idempotency-Key: ${randomUUID()}'; curl ${WHOLE_ANSWER} ${baseUrl}/shows/${showId}/seats`,
    },
  ];
}
