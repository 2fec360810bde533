/** The floor that the benchmarks compare with does what it stands for: one run, one answer, and no request too many. */
import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { addToCart, createSubject } from '../../bench/subjects.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';

test('the raw calls run once, replay the answer, and take two requests and one', async () => {
  const client = testClient();
  let runs = 0;
  let requests = 0;
  const work = async () => {
    runs += 1;
    return addToCart();
  };
  try {
    const tableName = await createIdempotencyTable(client);
    client.middlewareStack.add(
      (next) => async (args) => {
        requests += 1;
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const subject = createSubject('raw SDK calls', { client, tableName, work });
    const key = randomUUID();
    const first = await subject(httpApiEvent({ key }), lambdaContext());
    expect([runs, requests]).toEqual([1, 2]);
    const duplicate = await subject(httpApiEvent({ key }), lambdaContext());
    expect([runs, requests]).toEqual([1, 3]);
    expect(first).toEqual(await addToCart());
    expect(duplicate).toEqual(first);
  } finally {
    client.destroy();
  }
});
