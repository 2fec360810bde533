/** What goes over the wire, and what is made of what comes back. The port has bytes where the wire has base64. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AttributeValue, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CommitInvalidError } from '../../../lib/idempotency/errors.ts';
import { decodedItem, encodedItem } from '../../../lib/lean/attribute-values.ts';
import { requestBody, transactionBody } from '../../../lib/lean/request-body.ts';

const BYTES = Buffer.from([0, 255, 128, 7]);
const BASE64 = 'AP+ABw==';

describe('an item', () => {
  test('has its bytes in base64, at any depth, and all else as it is', () => {
    const item: Record<string, AttributeValue> = {
      text: { S: 'B' },
      number: { N: '123456789012345678901234567890.5' },
      bytes: { B: BYTES },
      set: { BS: [BYTES, Buffer.from([1])] },
      list: { L: [{ B: BYTES }, { L: [{ M: { inner: { B: BYTES } } }] }] },
      empty: { B: new Uint8Array() },
      nothing: { NULL: true },
    };
    const wire = encodedItem(item);
    expect(wire).toEqual({
      text: { S: 'B' },
      number: { N: '123456789012345678901234567890.5' },
      bytes: { B: BASE64 },
      set: { BS: [BASE64, 'AQ=='] },
      list: { L: [{ B: BASE64 }, { L: [{ M: { inner: { B: BASE64 } } }] }] },
      empty: { B: '' },
      nothing: { NULL: true },
    });
    expect(decodedItem(JSON.parse(JSON.stringify(wire)))).toEqual({
      ...item,
      bytes: { B: new Uint8Array(BYTES) },
      set: { BS: [new Uint8Array(BYTES), new Uint8Array([1])] },
      list: { L: [{ B: new Uint8Array(BYTES) }, { L: [{ M: { inner: { B: new Uint8Array(BYTES) } } }] }] },
    });
  });

  test.each(['B', 'BS', 'M', 'L', '__proto__', 'constructor', 'toString'])(
    'may have an attribute called %s, which is not taken for a type',
    (name) => {
      const named = (value: AttributeValue) => Object.fromEntries([[name, value]]);
      const item = { ...named({ S: 'text' }), nested: { M: named({ B: BYTES }) } };
      // A spread copies own members, __proto__ included.
      expect(Object.keys(item)).toContain(name);
      const wire = JSON.stringify(encodedItem(item));
      expect(wire).toContain(`"${name}":{"S":"text"}`);
      expect(wire).toContain(`{"M":{"${name}":{"B":"${BASE64}"}}}`);
      const back = decodedItem(JSON.parse(wire));
      expect(Object.entries(back)).toEqual(Object.entries({ ...item, nested: back['nested'] }));
      expect(Object.entries(back['nested']?.M ?? {})).toEqual([[name, { B: new Uint8Array(BYTES) }]]);
      expect({}).not.toHaveProperty('S');
    },
  );

  test('is what the SDK itself would send, whatever is in it', async () => {
    const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== '__proto__');
    const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }).map((S) => ({ S })),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((N) => ({ N: String(N) })),
        fc.uint8Array().map((B) => ({ B })),
        fc.array(fc.uint8Array(), { minLength: 1 }).map((BS) => ({ BS })),
        fc.array(fc.string(), { minLength: 1 }).map((SS) => ({ SS })),
        fc.boolean().map((BOOL) => ({ BOOL })),
        fc.constant({ NULL: true as const }),
        fc.array(tie('value'), { maxLength: 3 }).map((L) => ({ L })),
        fc.dictionary(name, tie('value'), { maxKeys: 3 }).map((M) => ({ M })),
      ),
    }));
    await withSdkBodies(async (sdkBody) => {
      await fc.assert(
        fc.asyncProperty(fc.dictionary(name, value), async (item) => {
          const input = { TableName: 'orders', Item: item, ExpressionAttributeValues: item };
          const lean: unknown = JSON.parse(requestBody(input).toString());
          expect(lean).toEqual(await sdkBody(input));
        }),
        { numRuns: 50 },
      );
    });
  });

  test.each([
    [null],
    ['text'],
    [[]],
    [{ a: 'text' }],
    [{ a: { L: 'text' } }],
    [{ a: { M: [] } }],
    [{ a: { B: 7 } }],
  ])('is not made of %j', (wire) => {
    expect(() => decodedItem(wire)).toThrow(TypeError);
  });

  test('takes bytes in each form that can be sent at once, and names no other', () => {
    const asB = (bytes: unknown) => encodedItem({ bytes: { B: bytes as Uint8Array } });
    const wide = new Uint16Array(BYTES.buffer.slice(BYTES.byteOffset, BYTES.byteOffset + 4));
    for (const bytes of [BYTES, new Uint8Array(BYTES), new DataView(wide.buffer), wide, wide.buffer]) {
      expect(asB(bytes)).toEqual({ bytes: { B: BASE64 } });
    }
    expect(() => asB(new Blob([BYTES]))).toThrow(CommitInvalidError);
    expect(() => asB(new Blob([BYTES]))).toThrow(/Uint8Array, a Buffer or an ArrayBuffer/);
  });
});

test('a transaction has its bytes in base64 in every kind of write', () => {
  const Key = { id: { B: BYTES } };
  const update = { TableName: 't', Key, UpdateExpression: 'SET a = :a' };
  const body = transactionBody({
    TransactItems: [
      { Put: { TableName: 't', Item: Key } },
      { Update: { ...update, ExpressionAttributeValues: { ':a': { B: BYTES } } } },
      { Delete: { TableName: 't', Key } },
      { ConditionCheck: { TableName: 't', Key, ConditionExpression: 'attribute_exists(id)' } },
    ],
    ClientRequestToken: 'token',
  } as Parameters<typeof transactionBody>[0]);
  const wireKey = { id: { B: BASE64 } };
  expect(JSON.parse(body.toString())).toEqual({
    TransactItems: [
      { Put: { TableName: 't', Item: wireKey } },
      { Update: { ...update, Key: wireKey, ExpressionAttributeValues: { ':a': { B: BASE64 } } } },
      { Delete: { TableName: 't', Key: wireKey } },
      { ConditionCheck: { TableName: 't', Key: wireKey, ConditionExpression: 'attribute_exists(id)' } },
    ],
    ClientRequestToken: 'token',
  });
});

/** Runs `body` with a function that has the SDK send a PutItem, and resolves to what it sent. */
async function withSdkBodies(
  body: (sdkBody: (input: object) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  let received = '';
  const server = createServer(async (request: IncomingMessage, response) => {
    received = '';
    for await (const chunk of request) received += String(chunk);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new DynamoDBClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await body(async (input) => {
      await client.send(new PutItemCommand(input as PutItemCommand['input']));
      return JSON.parse(received);
    });
  } finally {
    client.destroy();
    server.close();
  }
}
