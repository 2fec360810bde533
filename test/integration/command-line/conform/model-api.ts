/**
 * An API in this process that does all that `conform` looks at, and leaves out one thing on demand: so that each check is
 * seen to pass where it should, and to fail where it should.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

export const DEFECTS = [
  'no idempotency at all',
  'runs without a key',
  'has an effect without a key',
  'refuses without a word',
  'compares no payloads',
  'compares bytes',
  'a mismatch drops the record',
  'answers 400 to a mismatch',
  'checks the lock too late',
  'waits for the first one',
  'a refusal releases the lock',
  'a refused duplicate spoils the result',
  'no Retry-After',
  'Retry-After as a date',
  'shares keys among callers',
  'takes quotes as part of the key',
  'takes any key',
  'takes short keys only',
  'reads the header by its exact name',
  'does not mark replays',
  'marks first answers',
  'replays as 202',
  'says status 500 in its problems',
  'writes no problems',
  'always the same answer',
  'payload before lock',
] as const;
export type Defect = (typeof DEFECTS)[number];

interface Entry {
  payload: unknown;
  state: 'running' | 'done';
  finished: Promise<void>;
  answer?: Reply;
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface ModelApi {
  readonly url: string;
  close(): Promise<void>;
}

export async function startModelApi(defect?: Defect): Promise<ModelApi> {
  const api = new Model(defect);
  const server = createServer(async (request, response) => {
    const { status, headers, body } = await api.answer(request);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Model {
  readonly #defect: Defect | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #effects = new Map<string, number>();

  constructor(defect: Defect | undefined) {
    this.#defect = defect;
  }

  async answer(request: IncomingMessage): Promise<Reply> {
    const [, resource, id = ''] = (request.url ?? '').split('/');
    if (request.method === 'GET' && resource === 'effects') {
      const things = Array.from({ length: this.#effects.get(id) ?? 0 }, (_, index) => index);
      return { status: 200, headers: {}, body: JSON.stringify({ things }) };
    }
    const body = await textOf(request);
    return this.#guarded(request, body);
  }

  async #guarded(request: IncomingMessage, body: string): Promise<Reply> {
    const header = this.#headerValues(request);
    if (header.length === 0) {
      if (this.#has('runs without a key')) return this.#run(request, body);
      if (this.#has('has an effect without a key')) await this.#run(request, body);
      return this.#problem(400, 'key-missing');
    }
    const key = this.#keyOf(header);
    if (key === undefined) return this.#problem(400, 'key-invalid');
    if (this.#has('no idempotency at all')) return this.#run(request, body);
    if (this.#has('checks the lock too late')) await pause(20);

    const caller = this.#has('shares keys among callers') ? '' : (request.headers.authorization ?? '');
    const id = JSON.stringify([caller, key]);
    const payload = this.#has('compares bytes') ? body : JSON.parse(body);
    const entry = this.#entries.get(id);
    if (entry !== undefined) return this.#again(id, entry, payload, request, body);

    if (this.#has('checks the lock too late')) {
      const reply = await this.#run(request, body);
      this.#entries.set(id, { payload, state: 'done', finished: Promise.resolve(), answer: reply });
      return reply;
    }
    return this.#firstTime(id, payload, request, body);
  }

  async #firstTime(id: string, payload: unknown, request: IncomingMessage, body: string): Promise<Reply> {
    const run = this.#run(request, body);
    const entry: Entry = { payload, state: 'running', finished: run.then(() => {}) };
    this.#entries.set(id, entry);
    const reply = await run;
    entry.state = 'done';
    entry.answer ??= reply;
    return this.#has('marks first answers') ? marked(reply) : reply;
  }

  async #again(
    id: string,
    entry: Entry,
    payload: unknown,
    request: IncomingMessage,
    body: string,
  ): Promise<Reply> {
    const mismatch = !this.#has('compares no payloads') && !isDeepStrictEqual(payload, entry.payload);
    if (mismatch && (entry.state === 'done' || !this.#has('payload before lock'))) {
      if (this.#has('a mismatch drops the record')) this.#entries.delete(id);
      return this.#problem(this.#has('answers 400 to a mismatch') ? 400 : 422, 'mismatch');
    }
    if (entry.state === 'running') {
      if (this.#has('waits for the first one')) await entry.finished;
      else return this.#conflict(id, entry);
    }
    const { answer } = entry;
    if (answer === undefined) return this.#run(request, body);
    if (this.#has('replays as 202')) return marked({ ...answer, status: 202 });
    const status = answer.status === 201 ? 200 : answer.status;
    return this.#has('does not mark replays') ? { ...answer, status } : marked({ ...answer, status });
  }

  #conflict(id: string, entry: Entry): Reply {
    if (this.#has('a refusal releases the lock')) this.#entries.delete(id);
    if (this.#has('a refused duplicate spoils the result')) {
      entry.answer = { status: 201, headers: {}, body: '{"spoilt":true}' };
    }
    const retryAfter = this.#has('Retry-After as a date') ? new Date().toUTCString() : '1';
    const headers = this.#has('no Retry-After') ? {} : { 'retry-after': retryAfter };
    return this.#problem(409, 'in-progress', headers);
  }

  async #run(request: IncomingMessage, body: string): Promise<Reply> {
    await pause(Number(request.headers['x-work-ms'] ?? 0));
    const { thing } = JSON.parse(body) as { thing: string };
    this.#effects.set(thing, (this.#effects.get(thing) ?? 0) + 1);
    const id = this.#has('always the same answer') ? 'thing' : randomUUID();
    return { status: 201, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id }) };
  }

  #headerValues({ rawHeaders }: IncomingMessage): string[] {
    const exact = this.#has('reads the header by its exact name');
    return rawHeaders.filter((_, index) => {
      const name = index % 2 === 1 ? (rawHeaders[index - 1] ?? '') : '';
      return exact ? name === 'Idempotency-Key' : name.toLowerCase() === 'idempotency-key';
    });
  }

  #keyOf(header: readonly string[]): string | undefined {
    const [value = ''] = header;
    if (this.#has('takes any key')) return value || 'none';
    if (header.length > 1) return undefined;
    const unquoted = /^"([\x20-\x7e]*)"$/.exec(value)?.[1] ?? (/^[^"]+$/.test(value) ? value : '');
    const key = this.#has('takes quotes as part of the key') && unquoted !== '' ? value : unquoted;
    if (!/^[\x20-\x7e]+$/.test(key)) return undefined;
    return unquoted.length <= (this.#has('takes short keys only') ? 64 : 255) ? key : undefined;
  }

  #problem(status: number, kind: string, headers: Record<string, string> = {}): Reply {
    if (this.#has('refuses without a word')) return { status, headers, body: '' };
    const problem = {
      type: `https://api.example.com/problems/${kind}`,
      title: kind,
      status: this.#has('says status 500 in its problems') ? 500 : status,
    };
    const type = this.#has('writes no problems') ? 'application/json' : 'application/problem+json';
    return { status, headers: { 'content-type': type, ...headers }, body: JSON.stringify(problem) };
  }

  #has(defect: Defect): boolean {
    return this.#defect === defect;
  }
}

function marked(reply: Reply): Reply {
  return { ...reply, headers: { ...reply.headers, 'idempotent-replayed': 'true' } };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
