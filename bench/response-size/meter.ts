import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Consumption } from './figures.ts';

type Units = Omit<Consumption, 'cpuMs'>;

/** Asks for the consumed capacity with every request, and adds up what the engine answers. */
export function meter(client: DynamoDBClient): Units {
  const consumed = { requests: 0, writeUnits: 0, readUnits: 0, recordUnits: 0 };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
      consumed.requests += 1;
      const result = await next(args);
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } };
      const units = ConsumedCapacity?.CapacityUnits ?? 0;
      if (context['commandName'] === 'GetItemCommand') consumed.readUnits += units;
      else consumed.writeUnits += units;
      if (context['commandName'] === 'UpdateItemCommand') consumed.recordUnits += units;
      return result;
    },
    { step: 'initialize', name: 'meter' },
  );
  return consumed;
}

/** What `work` has added to it. */
export async function consumedBy(consumed: Units, work: () => Promise<unknown>): Promise<Units> {
  const before = { ...consumed };
  await work();
  return {
    requests: consumed.requests - before.requests,
    writeUnits: consumed.writeUnits - before.writeUnits,
    readUnits: consumed.readUnits - before.readUnits,
    recordUnits: consumed.recordUnits - before.recordUnits,
  };
}
