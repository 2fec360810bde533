/** `createIdempotentFetch` against a real server that misbehaves. */
import { describe, expect, test } from '@jest/globals';
import {
  createIdempotentFetch,
  deliveryOf,
  isIdempotencyClientError,
  type RetryEvent,
} from '../../lib/client/index.ts';
import { json, withoutPauses } from './settings.ts';
import {
  answers,
  delayed,
  dropAfter,
  dropBefore,
  problem,
  resetMidBody,
  silence,
  slowBody,
  useUnrulyServer,
} from './unruly-server.ts';

const server = useUnrulyServer();
const line = json({ sku: 'book-1' });

describe('one operation', () => {
  test('carries one UUID, and its answer says how it was come by', async () => {
    const response = await createIdempotentFetch()(server().url, line);
    expect([response.status, await response.json()]).toEqual([201, { line: 1, sent: line.body }]);
    expect(response.url).toBe(server().url);
    const [key] = server().keys;
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(deliveryOf(response)).toEqual({ key, tries: 1, replayed: false, settled: true });
  });

  test('called twice is two operations', async () => {
    const send = createIdempotentFetch();
    await send(server().url, line);
    await send(server().url, line);
    expect([server().keys.length, server().effects]).toEqual([2, 2]);
  });

  test.each([
    ['bare', 'k1'],
    ['structured', '"k1"'],
  ] as const)('spells its key as asked: %s', async (keyFormat, spelt) => {
    await createIdempotentFetch({ keyFormat, newKey: () => 'k1' })(server().url, line);
    expect(server().keys).toEqual([spelt]);
  });

  test.each(['mine', '"mine"'])('keeps a key of its own: %s', async (own) => {
    const response = await createIdempotentFetch()(server().url, {
      ...line,
      headers: { 'idempotency-key': own },
    });
    expect(server().keys).toEqual(['mine']);
    expect(deliveryOf(response)?.key).toBe('mine');
  });

  test('may be given as a Request', async () => {
    const request = new Request(server().url, { ...line, headers: { 'X-Trace': 't1' } });
    await createIdempotentFetch()(request);
    expect(server().received).toMatchObject([
      { method: 'POST', body: line.body, headers: { 'x-trace': 't1' } },
    ]);
  });
});

describe('requests that need no guard', () => {
  test.each(['GET', 'PUT', 'DELETE'])('%s goes to fetch as it is, once', async (method) => {
    server().plan(answers(503));
    const response = await createIdempotentFetch(withoutPauses())(server().url, { method });
    expect([response.status, server().received.length, server().keys]).toEqual([503, 1, []]);
    expect(deliveryOf(response)).toBeUndefined();
  });

  test('PATCH is guarded however it is spelt, and sent in capitals', async () => {
    await createIdempotentFetch()(server().url, { ...line, method: 'patch' });
    expect(server().received[0]).toMatchObject({ method: 'PATCH', keys: [expect.any(String)] });
  });
});

describe('whatever goes wrong on the way', () => {
  test.each([
    ['the connection breaks before the request is taken', dropBefore, false],
    ['the connection breaks after it took effect', dropAfter, true],
    ['the answer breaks off in the middle', resetMidBody, true],
    ['there is no answer in time', silence, true],
    ['the answer comes too slowly', slowBody(3_000), true],
    ['the answer comes too late', delayed(3_000), true],
    ['a gateway answers 502', answers(502, {}, '<html>'), false],
    ['the function fails', answers(500, {}, '{"message":"Internal Server Error"}'), false],
    ['the gateway has no patience', answers(504), false],
    ['the request took too long to arrive', answers(408), false],
    ['it is too early', answers(425), false],
    ['there are too many', answers(429), false],
    ['the store is not there', problem(503, 'store-unavailable', { 'retry-after': '1' }), false],
    ['the first one is still running', problem(409, 'in-progress', { 'retry-after': '1' }), false],
    ['the first one was superseded', problem(409, 'superseded', { 'retry-after': '1' }), false],
    ['somebody else says that it is running', answers(409, { 'retry-after': '1' }), false],
  ])(
    '%s: it is sent again, with the same key and bytes, and takes effect once',
    async (_, behaviour, replayed) => {
      server().plan(behaviour, behaviour);
      const events: RetryEvent[] = [];
      const response = await createIdempotentFetch({
        ...withoutPauses(),
        tryTimeoutMs: 1_000,
        onRetry: (event) => events.push(event),
      })(server().url, line);
      expect(await response.json()).toEqual({ line: 1, sent: line.body });
      expect(server().received.map(({ keys, body }) => [keys, body])).toEqual(
        Array(3).fill([server().keys, line.body]),
      );
      expect([server().keys.length, server().effects]).toEqual([1, 1]);
      expect(deliveryOf(response)).toMatchObject({ tries: 3, replayed, settled: true });
      expect(events.map(({ tries }) => tries)).toEqual([1, 2]);
    },
  );
});

describe('what no retry mends', () => {
  test.each([
    ['400', answers(400)],
    ['401', answers(401)],
    ['404', answers(404)],
    ['409 of an API of its own', answers(409)],
    ['422', problem(422, 'payload-mismatch')],
    ['501', answers(501)],
    ['an unknown outcome that is held back', problem(409, 'outcome-unknown')],
    ['a condition that was not met', problem(409, 'commit-condition-failed')],
    ['a result that is lost', problem(500, 'result-not-recorded')],
    ['a server that is set up wrongly', problem(500, 'configuration')],
    ['an error that was recorded', answers(500, { 'idempotent-replayed': 'true' })],
    ['a redirection that is not followed', answers(303)],
  ])('%s is the answer at once', async (_, behaviour) => {
    server().plan(behaviour);
    await createIdempotentFetch(withoutPauses())(server().url, { ...line, redirect: 'manual' });
    expect(server().received).toHaveLength(1);
  });
});

describe('how often and for how long', () => {
  test('tries are counted, and the last answer is given out as it is', async () => {
    server().always(answers(503, {}, 'down'));
    const response = await createIdempotentFetch({ ...withoutPauses(), maxTries: 4 })(server().url, line);
    expect([response.status, await response.text(), server().received.length]).toEqual([503, 'down', 4]);
    expect(deliveryOf(response)).toMatchObject({ tries: 4, settled: false });
  });

  test('where no try had an answer, the error says that the outcome is unknown', async () => {
    server().always(dropAfter);
    const failure = await createIdempotentFetch({ ...withoutPauses(), maxTries: 2 })(
      server().url,
      line,
    ).catch((error: unknown) => error);
    expect(isIdempotencyClientError(failure)).toBe(true);
    expect(failure).toMatchObject({
      code: 'NO_ANSWER',
      retryable: true,
      tries: 2,
      cause: { name: 'TypeError' },
    });
    expect(String(failure)).toContain('unknown');
  });

  test('the whole of it ends at the deadline, in the middle of a try', async () => {
    server().always(silence);
    const startedAtMs = performance.now();
    await expect(
      createIdempotentFetch({ deadlineMs: 300, pauseBaseMs: 1 })(server().url, line),
    ).rejects.toMatchObject({ code: 'NO_ANSWER', cause: { name: 'TimeoutError' } });
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  });

  test('a pause that would reach over the deadline is not begun', async () => {
    server().always(answers(503, { 'retry-after': '2' }));
    const options = withoutPauses();
    const response = await createIdempotentFetch({ ...options, deadlineMs: 1_500 })(server().url, line);
    expect([response.status, server().received.length, options.pauses]).toEqual([503, 1, []]);
  });

  test('a machine that slept through a pause sends nothing when it wakes up', async () => {
    server().always(answers(503));
    let wallMs = 0;
    const response = await createIdempotentFetch({
      now: () => wallMs,
      monotonicNow: () => 0, // Stood still, as it does on some systems while they sleep.
      sleep: async () => {
        wallMs += 25 * 60 * 60 * 1000;
      },
    })(server().url, line);
    expect([response.status, await response.text(), server().received.length]).toEqual([503, '', 1]);
  });

  test('a clock that is set back gives no more time', async () => {
    server().always(answers(503));
    let monotonicMs = 0;
    await createIdempotentFetch({
      deadlineMs: 1_000,
      maxTries: 100,
      random: () => 0, // The pauses are those of `sleep` below.
      now: () => -monotonicMs,
      monotonicNow: () => monotonicMs,
      sleep: async () => {
        monotonicMs += 400;
      },
    })(server().url, line);
    expect(server().received).toHaveLength(3);
  });

  test.each([
    ['7', 7_000],
    ['Wed, 21 Oct 2065 07:28:00 GMT', 60_000],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['3600', 60_000],
    ['soon', 0],
    ['-5', 0],
    ['1.5', 0],
    ['Wed, 99 Oct 2065 07:28:00 GMT', 0],
  ])(
    'Retry-After: %s is waited for as far as it makes sense, and the jitter on top',
    async (value, asked) => {
      server().plan(answers(503, { 'retry-after': value }));
      const options = withoutPauses();
      await createIdempotentFetch({ ...options, pauseBaseMs: 100 })(server().url, line);
      expect(options.pauses).toEqual([asked + 50]);
    },
  );
});

describe('a caller who has had enough', () => {
  test('while a try is running: the reason comes through, and nothing more is sent', async () => {
    server().always(silence);
    const reason = new Error('left the page');
    const caller = new AbortController();
    const sending = createIdempotentFetch({ pauseBaseMs: 1 })(server().url, {
      ...line,
      signal: caller.signal,
    });
    await server().arrived(1);
    caller.abort(reason);
    await expect(sending).rejects.toBe(reason);
    expect(server().received).toHaveLength(1);
  });

  test('while a pause is running', async () => {
    server().always(answers(503, { 'retry-after': '30' }));
    const caller = new AbortController();
    const sending = createIdempotentFetch({ onRetry: () => caller.abort(new Error('enough')) })(
      server().url,
      {
        ...line,
        signal: caller.signal,
      },
    );
    await expect(sending).rejects.toThrow('enough');
    expect(server().received).toHaveLength(1);
  });

  test('before anything began', async () => {
    await expect(
      createIdempotentFetch()(server().url, { ...line, signal: AbortSignal.abort(new Error('never')) }),
    ).rejects.toThrow('never');
    expect(server().received).toHaveLength(0);
  });
});

describe('bodies', () => {
  test('a form is written once, so that every try has the same boundary', async () => {
    server().plan(dropBefore, answers(503));
    const form = new FormData();
    form.set('sku', 'book-1');
    await createIdempotentFetch(withoutPauses())(server().url, { method: 'POST', body: form });
    const [first, ...others] = server().received.map(({ headers, body }) => [headers['content-type'], body]);
    expect(first?.[0]).toMatch(/^multipart\/form-data; boundary=/);
    expect(others).toEqual([first, first]);
  });

  test('a stream is read once and sent whole on every try', async () => {
    server().plan(dropAfter);
    const body = new Blob(['one ', 'two']).stream();
    // The types of Node.js and of browsers both lack or ask for `duplex` in places.
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    await createIdempotentFetch(withoutPauses())(server().url, init);
    expect(server().received.map((request) => request.body)).toEqual(['one two', 'one two']);
  });

  test('one that is too long to be held is refused, and nothing is sent', async () => {
    const send = createIdempotentFetch({ requestMaxBytes: 3 });
    await send(server().url, { method: 'POST', body: '123' });
    for (const body of ['1234', new Blob(['12', '34']).stream()]) {
      await expect(send(server().url, { method: 'POST', body } as RequestInit)).rejects.toMatchObject({
        code: 'BODY_NOT_REPEATABLE',
      });
    }
    expect(server().received).toHaveLength(1);
  });

  test('none is sent as none', async () => {
    await createIdempotentFetch()(server().url, { method: 'POST' });
    expect(server().received[0]).toMatchObject({ body: '', headers: { 'content-length': '0' } });
  });

  test('an answer that is a stream can be had as one', async () => {
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    server().plan(async ({ response: outgoing, serve }) => {
      const { body } = serve();
      outgoing.write(body.slice(0, 5));
      await held;
      outgoing.end(body.slice(5));
    });
    const response = await createIdempotentFetch({ bufferResponse: false })(server().url, line);
    goOn(); // Only now, when the answer is there.
    expect(await response.json()).toEqual({ line: 1, sent: line.body });
  });
});

describe('headers that are asked for anew', () => {
  test('win over those of the request, on every try', async () => {
    server().plan(answers(503), answers(503));
    let token = 0;
    await createIdempotentFetch({
      ...withoutPauses(),
      headers: async () => ({ Authorization: `Bearer ${++token}`, 'Idempotency-Key': 'not this one' }),
    })(server().url, { ...line, headers: { Authorization: 'Bearer old' } });
    expect(server().received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer 1',
      'Bearer 2',
      'Bearer 3',
    ]);
    expect(server().keys).toHaveLength(1);
    expect(server().keys).not.toContain('not this one');
  });

  test('that cannot be had end the request with their own error', async () => {
    const failure = new Error('signed out');
    await expect(
      createIdempotentFetch({ headers: () => Promise.reject(failure) })(server().url, line),
    ).rejects.toBe(failure);
    expect(server().received).toHaveLength(0);
  });

  test('that never come are waited for no longer than a try may take', async () => {
    await expect(
      createIdempotentFetch({ headers: () => new Promise(() => {}), tryTimeoutMs: 50, maxTries: 1 })(
        server().url,
        line,
      ),
    ).rejects.toMatchObject({ code: 'NO_ANSWER' });
  });
});

test('a listener that throws decides nothing', async () => {
  server().plan(answers(503));
  const warn = console.warn;
  const warned: unknown[][] = [];
  console.warn = (...words) => warned.push(words);
  try {
    const response = await createIdempotentFetch({
      ...withoutPauses(),
      onRetry: () => {
        throw new Error('mine');
      },
    })(server().url, line);
    expect(response.status).toBe(201);
  } finally {
    console.warn = warn;
  }
  expect(warned).toHaveLength(1);
});

test('a request that makes no sense is told so as fetch does, and is not tried again', async () => {
  await expect(createIdempotentFetch()('no address', line)).rejects.toMatchObject({ name: 'TypeError' });
});
