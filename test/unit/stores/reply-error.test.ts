import { describe, expect, test } from '@jest/globals';
import { causeWithoutItems } from '../../../lib/stores/reply-error.ts';

const $metadata = { httpStatusCode: 400, requestId: 'R1' };

describe('the cause that is kept of an error', () => {
  test('what is no HTTP leaves none of its bytes behind, which Node hands out with the error', () => {
    const unread = Object.assign(new Error('Parse Error: Expected HTTP/'), {
      code: 'HPE_INVALID_CONSTANT',
      rawPacket: Buffer.from('SECRET'),
    });
    const cause = causeWithoutItems(unread);
    expect(cause).toMatchObject({ message: unread.message, code: 'HPE_INVALID_CONSTANT' });
    expect(cause).not.toHaveProperty('rawPacket');
  });

  test('which was made from a reply has the kind and the request id, and nothing that the reply quotes', () => {
    const error = Object.assign(new Error('cannot write { secret }'), {
      name: 'ValidationException',
      $metadata,
      Item: { data: { S: 'secret' } },
    });
    const kept = causeWithoutItems(error) as Error;
    expect(kept).toMatchObject({ name: 'ValidationException', $metadata });
    expect(kept.message).toMatch(/left out/);
    expect(JSON.stringify({ ...kept, message: kept.message, stack: kept.stack })).not.toMatch('secret');
  });

  test('of missing rights keeps its message, which names the right that is missing', () => {
    const message = 'User: arn:aws:sts::1:role is not authorized to perform: dynamodb:PutItem';
    const error = Object.assign(new Error(message), { name: 'AccessDeniedException', $metadata });
    expect(causeWithoutItems(error)).toMatchObject({ name: 'AccessDeniedException', message, $metadata });
  });

  test.each([
    ['of the network', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['without any reply, as the SDK marks it', Object.assign(new Error('timed out'), { $metadata: {} })],
    ['that is text', 'no connection'],
    ['that is nothing', undefined],
  ])('%s is the error itself', (_, error) => {
    expect(causeWithoutItems(error)).toBe(error);
  });
});
