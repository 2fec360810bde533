/**
 * A process that sends one operation with an outbox of files, and is killed at the moment that it is told. Started by
 * `outbox-crash.test.ts`:
 *
 *     node --import tsx test/client/sending-process.ts FOLDER URL BODY MOMENT
 *
 * It prints what `resume` and then the operation came to.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createIdempotencyClient, deliveryOf } from '../../lib/client/index.ts';
import { fileStorage } from '../../lib/client/node/index.ts';

const [folder = '', url = '', body = '', moment = 'never'] = process.argv.slice(2);

/** As the kernel does it when memory runs out: nothing is cleaned up. */
async function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

const dyingFetch: typeof fetch = async (input, init) => {
  if (moment === 'before-sending') await die();
  const answering = fetch(input, init);
  if (moment === 'in-flight') {
    await pause(200); // The request has long arrived on this machine, and the handler works for a second.
    await die();
  }
  const answer = await answering;
  if (moment === 'answered') await die();
  return answer;
};

const client = createIdempotencyClient({
  outbox: { storage: fileStorage(folder), leaseMs: 1_000, keepHeaders: ['Content-Type', 'x-demo-work-ms'] },
  fetch: dyingFetch,
});
const resumed = (await client.resume()).map(({ kind, name }) => `${name}: ${kind}`);
const request = {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', 'x-demo-work-ms': '1000' },
  body,
};
if (moment === 'never') {
  console.log(JSON.stringify({ resumed, pending: await client.pending() }));
} else {
  const response = await client.operation('add-to-cart', url, request).send();
  console.log(JSON.stringify({ resumed, status: response.status, delivery: deliveryOf(response) }));
}
