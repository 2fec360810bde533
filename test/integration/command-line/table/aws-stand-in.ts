/** The engine behind a server that refuses actions, shows another time, and knows functions: as AWS may answer an operator. */
import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testEndpoint } from '../../../support/dynamodb.ts';

export interface StandInSettings {
  /** Actions such as `PutItem` that the credentials do not have. */
  readonly denied?: readonly string[];
  /** Answers of DescribeTable get these members, too. */
  readonly description?: Readonly<Record<string, unknown>>;
  /** By how much the clock of its replies differs. */
  readonly clockAheadMs?: number;
  /** What Lambda says of any function. */
  readonly lambda?: Readonly<Record<string, unknown>>;
  /** Some emulators answer a failed condition without the item that it failed for. */
  readonly withoutOldItems?: boolean;
  /** Called before an action is passed on. */
  readonly before?: (action: string) => Promise<void>;
  /** The connection is dropped once when this action has taken place: the SDK sends it again. */
  readonly loseReplyOnceOf?: string;
}

export async function withStandIn<T>(
  settings: StandInSettings,
  use: (endpoint: string) => Promise<T>,
): Promise<T> {
  let lost = false;
  const isToBeLost = (action: string) => {
    const loses = !lost && action === settings.loseReplyOnceOf;
    lost ||= loses;
    return loses;
  };
  const server = createServer((request, response) => {
    answer(request, response, settings, isToBeLost).catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  settings: StandInSettings,
  isToBeLost: (action: string) => boolean,
) {
  const { denied = [], description, clockAheadMs = 0, lambda, before } = settings;
  response.setHeader('date', new Date(Date.now() + clockAheadMs).toUTCString());
  if (request.url?.startsWith('/2015-03-31/functions/')) {
    const action = 'GetFunctionConfiguration';
    if (denied.includes(action)) return deny(response, action);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(lambda));
    return;
  }
  const action = String(request.headers['x-amz-target']).replace(/^.*\./, '');
  if (denied.includes(action)) return deny(response, action);
  await before?.(action);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { status, body } = await passOn(request, Buffer.concat(chunks));
  if (isToBeLost(action)) {
    request.socket.destroy();
    return;
  }
  response.statusCode = status;
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  const isChanged = action === 'DescribeTable' && status === 200 && description !== undefined;
  if (settings.withoutOldItems && status === 400) response.end(withoutItem(body));
  else response.end(isChanged ? withDescription(body, description) : body);
}

function deny(response: ServerResponse, action: string): void {
  response.statusCode = 400;
  response.setHeader('x-amzn-errortype', 'AccessDeniedException');
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  const type = 'com.amazonaws.dynamodb.v20120810#AccessDeniedException';
  response.end(JSON.stringify({ __type: type, message: `User: x is not authorized to perform: ${action}` }));
}

function withoutItem(body: string): string {
  const { Item: _item, ...rest } = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify(rest);
}

function withDescription(body: string, description: Readonly<Record<string, unknown>>): string {
  const { Table: table } = JSON.parse(body) as { Table: Record<string, unknown> };
  return JSON.stringify({ Table: { ...table, ...description } });
}

function passOn({ headers }: IncomingMessage, body: Buffer): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest(testEndpoint(), { method: 'POST', headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.once('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }));
      incoming.once('error', reject);
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
