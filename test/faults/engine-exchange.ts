import { type IncomingHttpHeaders, request } from 'node:http';

export interface EngineRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface EngineReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends one request to the engine on a connection of its own, and resolves to the whole reply. */
export function exchangeWithEngine(endpoint: string, sent: EngineRequest): Promise<EngineReply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(sent.path, endpoint),
      { method: 'POST', headers: { ...sent.headers, connection: 'close' }, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () => {
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks),
          });
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(sent.body);
  });
}

interface Refusal {
  readonly Item?: unknown;
  readonly CancellationReasons?: { Item?: unknown }[];
}

/**
 * The same refusal as an engine would send it that does not know `ReturnValuesOnConditionCheckFailure`: without the
 * item that stood in the way. Any other reply is left as it is.
 */
export function withoutOldItem(reply: EngineReply): EngineReply {
  if (reply.status !== 400) return reply;
  // A reply of the engine with status 400 is a JSON object with `__type`; of a transaction, it has a reason for each item.
  const { Item, ...rest } = JSON.parse(reply.body.toString('utf8')) as Refusal;
  for (const reason of rest.CancellationReasons ?? []) delete reason.Item;
  return { ...reply, body: Buffer.from(JSON.stringify(rest)) };
}
