/** A guarded function as the record handler of Powertools' batch processor, as docs/recipes/sqs.md tells users to. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Context, SQSRecord } from 'aws-lambda';
import { InProgressError } from '../../../lib/idempotency/errors.ts';
import type { IdempotentContext } from '../../../lib/idempotency/handler-context.ts';
import { outcomeUnknown } from '../../../lib/idempotency/outcome-unknown.ts';
import { idempotent } from '../../../lib/idempotency/wrapper.ts';
import { MemoryStore } from '../../../lib/stores/memory-store.ts';
import { lambdaContext } from '../../support/events.ts';
import { sqsRecord } from '../../support/source-records.ts';

type RecordHandler = (record: SQSRecord, context: Context) => Promise<unknown>;

let store: MemoryStore;

beforeEach(() => {
  store = new MemoryStore();
});

const byBody = { key: ({ body }: SQSRecord) => body };

/** Ids of the messages that the queue is to deliver again. */
async function deliver(handle: RecordHandler, messages: readonly SQSRecord[]): Promise<string[]> {
  const processor = new BatchProcessor(EventType.SQS);
  const { batchItemFailures } = await processPartialResponse({ Records: [...messages] }, handle, processor, {
    context: lambdaContext(),
    throwOnFullBatchFailure: false,
  });
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

describe('the records of a batch', () => {
  test('each see their own attempt, although they are handed one context and run beside each other', async () => {
    const seen = new Map<string, string>();
    let atWork = 0;
    let mostAtWork = 0;
    const handle = idempotent(
      async ({ body }: SQSRecord, context: IdempotentContext) => {
        mostAtWork = Math.max(mostAtWork, ++atWork);
        await new Promise((resolve) => setImmediate(resolve));
        seen.set(body, context.idempotency.deriveKey('charge'));
        atWork -= 1;
      },
      { store, ...byBody },
    );
    const messages = ['a', 'b', 'c'].map((body) => sqsRecord(body));
    expect(await deliver(handle as RecordHandler, messages)).toEqual([]);
    expect(mostAtWork).toBe(3);
    expect(new Set(seen.values()).size).toBe(3);

    const again = idempotent(
      async ({ body }: SQSRecord, context: IdempotentContext) =>
        expect(context.idempotency.deriveKey('charge')).toBe(seen.get(body)),
      { store: new MemoryStore(), ...byBody },
    );
    expect(await deliver(again as RecordHandler, messages)).toEqual([]);
  });

  test('that are twins run once; the other is refused beside it, and a success when it comes again', async () => {
    let runs = 0;
    const handle = idempotent(
      async (_message: SQSRecord) => {
        runs += 1;
        await new Promise((resolve) => setImmediate(resolve));
      },
      { store, ...byBody },
    );
    const [first, twin] = [sqsRecord('a'), sqsRecord('a')];
    expect(await deliver(handle, [first, twin])).toEqual([twin.messageId]);
    expect(await deliver(handle, [twin])).toEqual([]);
    expect(runs).toBe(1);
  });

  test('fail where the function that makes the key does, and only they', async () => {
    const handle = idempotent(async (_message: SQSRecord) => {}, {
      store,
      key: ({ body }: SQSRecord) => JSON.parse(body).orderId,
    });
    const [poison, fine] = [sqsRecord('not JSON'), sqsRecord({ orderId: 'o1' })];
    expect(await deliver(handle, [poison, fine])).toEqual([poison.messageId]);
  });

  test('with an unknown outcome come again, and are not run before the lease has ended', async () => {
    let runs = 0;
    const handle = idempotent(
      async (_message: SQSRecord) => {
        runs += 1;
        throw outcomeUnknown(new Error('the payment service did not answer'));
      },
      { store, ...byBody },
    );
    const message = sqsRecord('a');
    expect(await deliver(handle, [message])).toEqual([message.messageId]);
    expect(await deliver(handle, [message])).toEqual([message.messageId]);
    expect(runs).toBe(1);
    await expect(handle(message, lambdaContext())).rejects.toThrow(InProgressError);
  });
});

describe('a result that is too large for its record', () => {
  const huge = () => 'x'.repeat(store.maxResultBytes + 1);

  test('makes a failure of every further delivery, since it cannot be given again', async () => {
    const handle = idempotent(async (_message: SQSRecord) => huge(), { store, ...byBody });
    const message = sqsRecord('a');
    expect(await deliver(handle, [message])).toEqual([]);
    expect(await deliver(handle, [message])).toEqual([message.messageId]);
  });

  test('is not in the way where the record handler returns nothing', async () => {
    let runs = 0;
    const charge = async () => {
      runs += 1;
      return huge();
    };
    const handle = idempotent(
      async (_message: SQSRecord) => {
        await charge();
      },
      { store, ...byBody },
    );
    const message = sqsRecord('a');
    expect(await deliver(handle, [message])).toEqual([]);
    expect(await deliver(handle, [message])).toEqual([]);
    expect(runs).toBe(1);
  });
});
