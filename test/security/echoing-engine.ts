/**
 * An engine that sends back, in its errors, all that it was sent and all that it holds: in the message, as members of
 * the error, and in replies that break off in the middle.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MARKERS } from './marked-play.ts';

export type Refusal = (response: ServerResponse, sent: string) => void;

const HELD = JSON.stringify({ data: { S: MARKERS.response }, status: { S: 'COMPLETED' } });
const HELD_BUT_CUT_OFF = `{"Item":${HELD.slice(0, -20)}`;

const EXCEPTIONS = [
  'ValidationException',
  'SerializationException',
  'InternalServerError',
  'ConditionalCheckFailedException',
  'TransactionCanceledException',
  'AnExceptionOfTomorrow',
] as const;

const quoting =
  (type: string): Refusal =>
  (response, sent) =>
    sendJson(response, 400, {
      __type: `com.amazonaws.dynamodb.v20120810#${type}`,
      message: `cannot do this to ${sent} while there is ${HELD}`,
      Item: JSON.parse(HELD),
      CancellationReasons: [{ Code: 'ConditionalCheckFailed', Item: JSON.parse(HELD) }],
      sent,
    });

export const REFUSALS: readonly (readonly [string, Refusal])[] = [
  ...EXCEPTIONS.map((type) => [`${type} that quotes the item`, quoting(type)] as const),
  [
    'a size refusal that quotes the item',
    (response, sent) =>
      sendJson(response, 400, {
        __type: 'com.amazon.coral.validate#ValidationException',
        message: `Item size has exceeded the maximum allowed size: ${sent} ${HELD}`,
      }),
  ],
  ['a reply that is no JSON', (response, sent) => sendText(response, 200, `${MARKERS.response}${sent}`)],
  ['a reply that breaks off', (response) => sendText(response, 200, HELD_BUT_CUT_OFF)],
  // Node's parser hands out what it could not read with its error.
  ['a reply that is no HTTP', (response, sent) => void response.socket?.end(`${HELD}${sent}\r\n\r\n`)],
  ['a refusal that breaks off', (response) => sendText(response, 400, HELD_BUT_CUT_OFF)],
];

/** Where something else has been put under our id. */
export const sendForeignItem: Refusal = (response) => sendJson(response, 200, { Item: JSON.parse(HELD) });

export interface EchoingEngine {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Refuses all requests of one operation (`PutItem` and so on) so; all others succeed with nothing. */
export async function startEchoingEngine(
  refused: string,
  refuse: Refusal = quoting('ValidationException'),
): Promise<EchoingEngine> {
  const server = createServer(async (request, response) => {
    let sent = '';
    for await (const chunk of request) sent += String(chunk);
    const operation = String(request.headers['x-amz-target']).split('.').at(-1);
    if (operation === refused) refuse(response, sent);
    else sendJson(response, 200, {});
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // A server that listens on a TCP port has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  sendText(response, status, JSON.stringify(body));
}

function sendText(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(body);
}
