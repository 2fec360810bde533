/** One invocation in a process of its own, which kills itself by the hardest signal there is. */
import { writeSync } from 'node:fs';
import { createEngineClient } from '../../../lib/local/engine-client.ts';
import { KillPoints } from '../../support/kill-points.ts';
import { orderService } from './order-service.ts';

interface Fate {
  readonly endpoint: string;
  readonly idempotencyTable: string;
  readonly cartTable: string;
  readonly key: string;
  readonly cartId: string;
  readonly killAt: number;
}

// Written by kill.test.ts.
const fate = JSON.parse(process.env['VICTIM'] ?? '') as Fate;
const points: KillPoints = new KillPoints(fate.killAt, () => {
  writeSync(1, `killed ${points.reached.at(-1)}\n`);
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => {});
});
const client = createEngineClient(fate.endpoint);
points.watch(client);
const { idempotencyTable, cartTable } = fate;
const send = orderService({ client, idempotencyTable, cartTable, pass: (point) => points.pass(point) });
const answer = await send(fate.key, fate.cartId);
writeSync(1, `survived with ${answer.statusCode}\n`);
client.destroy();
