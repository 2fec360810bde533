import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startEngine } from '../../lib/local/engine.ts';
import { createEngineClient } from '../../lib/local/engine-client.ts';
import { ensureIdempotencyTable } from '../../lib/local/tables.ts';
import { httpApiEvent, lambdaContext } from '../../test/support/events.ts';
import { addToCart, createSubject, type Subject } from '../subjects.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(
    'Counts DynamoDB requests per outcome, this library beside Powertools.\n\nUsage: npm run bench:requests -- [--json]',
  );
  process.exit(0);
}

type Counts = Record<string, string[]>;

/** The commands that `action` sends through `client`, by name. */
async function requestsOf(client: DynamoDBClient, action: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const name = `count-${randomUUID()}`;
  client.middlewareStack.add(
    (next, context) => (args) => {
      sent.push(String(context['commandName']).replace(/Command$/, ''));
      return next(args);
    },
    // Below the retries: every attempt on the wire counts.
    { step: 'finalizeRequest', priority: 'low', name },
  );
  await action();
  client.middlewareStack.remove(name);
  return sent;
}

async function measure(
  name: 'lambda-idempotency' | 'powertools',
  client: DynamoDBClient,
  tableName: string,
): Promise<Counts> {
  const subject = createSubject(name, { client, tableName });
  const failing = createSubject(name, { client, tableName, work: () => Promise.reject(new Error('failed')) });
  const send = (handler: Subject, key?: string, body?: unknown) =>
    handler(
      httpApiEvent({ ...(key === undefined ? {} : { key }), ...(body === undefined ? {} : { body }) }),
      lambdaContext(),
    )
      // Powertools refuses by throwing; what is counted here is requests, not answers.
      .catch(() => {});

  const completed = randomUUID();
  const running = randomUUID();
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let enter = () => {};
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const slow = createSubject(name, {
    client,
    tableName,
    work: async () => {
      enter();
      await finished;
      return addToCart();
    },
  });

  const counts: Counts = {
    'first run': await requestsOf(client, () => send(subject, completed)),
    'duplicate, completed': await requestsOf(client, () => send(subject, completed)),
    'other payload, completed': await requestsOf(client, () => send(subject, completed, { sku: 'pear' })),
    'handler throws': await requestsOf(client, () => send(failing, randomUUID())),
    'no key': await requestsOf(client, () => send(subject)),
  };
  const first = send(slow, running);
  await entered;
  counts['duplicate, in progress'] = await requestsOf(client, () => send(subject, running));
  finish();
  await first;
  return counts;
}

const engine = await startEngine();
const client = createEngineClient(engine.endpoint);
try {
  const results: Record<string, Counts> = {};
  for (const name of ['lambda-idempotency', 'powertools'] as const) {
    const tableName = `bench-${randomUUID()}`;
    await ensureIdempotencyTable(client, tableName);
    results[name] = await measure(name, client, tableName);
  }
  if (values.json) {
    console.log(JSON.stringify({ engine: engine.name, node: process.version, results }, null, 2));
  } else {
    console.log(`\n${engine.name}, Node ${process.version}\n`);
    const rows = Object.keys(results['lambda-idempotency'] ?? {}).map((outcome) => [
      outcome,
      ...['lambda-idempotency', 'powertools'].map((name) => {
        const sent = results[name]?.[outcome] ?? [];
        return `${sent.length}${sent.length > 0 ? `  (${sent.join(', ')})` : ''}`;
      }),
    ]);
    for (const row of [['outcome', 'lambda-idempotency', 'powertools'], ...rows]) {
      console.log(`${(row[0] ?? '').padEnd(28)}${(row[1] ?? '').padEnd(30)}${row[2] ?? ''}`);
    }
  }
} finally {
  client.destroy();
  await engine.stop();
}
