/** What happens when one participant holds a key and another comes for it, told in a few words. */
import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { powertoolsIdentity } from '../../../lib/powertools/powertools-identity.ts';
import { testClient } from '../../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../../support/events.ts';
import { createConfig, PARTICIPANTS, type Participant } from './participants.ts';

/** Longer than any situation lasts. */
const REMAINING_MS = 60_000;

interface Table {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

interface Played {
  /** `run 1`, `error`, or nothing while it is running. */
  readonly told: string;
}

/** One key of a table of its own, and whoever comes for it. */
class Story {
  runs = 0;
  readonly #key = randomUUID();
  readonly #unsettled: ((error: Error) => void)[] = [];
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Starts an invocation, and resolves when its handler runs or it has ended without that. */
  async start(
    who: Participant,
    plan: { readonly body?: unknown } = {},
  ): Promise<{
    succeed(): Promise<Played>;
    fail(): Promise<Played>;
    ended: Promise<Played>;
    begun: boolean;
  }> {
    let begin = () => {};
    let settle = { resolve: (_value: unknown) => {}, reject: (_error: Error) => {} };
    const running = new Promise<void>((resolve) => {
      begin = resolve;
    });
    let run = 0;
    const work = () =>
      new Promise<unknown>((resolve, reject) => {
        run = ++this.runs;
        settle = { resolve, reject };
        this.#unsettled.push(reject);
        begin();
      });
    const invoke = PARTICIPANTS[who].create({ ...this.#table, work });
    const ended = invoke(this.#event(plan.body), lambdaContext(REMAINING_MS)).then(
      (answer) => ({ told: String((answer as { body: unknown }).body) }),
      () => ({ told: 'error' }),
    );
    await Promise.race([running, ended]);
    return {
      begun: run > 0,
      ended,
      succeed: () => {
        settle.resolve({ statusCode: 201, body: `run ${run}` });
        return ended;
      },
      fail: () => {
        settle.reject(new Error('the handler failed'));
        return ended;
      },
    };
  }

  /** A whole invocation, whose handler succeeds if it is run. */
  async send(who: Participant, plan: { readonly body?: unknown } = {}): Promise<Played & { ran: boolean }> {
    const invocation = await this.start(who, plan);
    const { told } = invocation.begun ? await invocation.succeed() : await invocation.ended;
    return { told, ran: invocation.begun };
  }

  /** As if the time had passed for which the key is locked. */
  async letLeaseEnd(): Promise<void> {
    await this.#table.client.send(
      new UpdateItemCommand({
        TableName: this.#table.tableName,
        Key: { id: { S: await this.#id() } },
        UpdateExpression: 'SET in_progress_expiration = :past',
        ConditionExpression: '#status = :inProgress',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':past': { N: String(Date.now() - 1000) },
          ':inProgress': { S: 'INPROGRESS' },
        },
      }),
    );
  }

  /** Ends what would otherwise wait for its deadline. */
  end(): void {
    for (const reject of this.#unsettled) reject(new Error('the story is over'));
  }

  async #id(): Promise<string> {
    const identity = await powertoolsIdentity(createConfig(), 'orders')(this.#event());
    return identity?.id ?? '';
  }

  /** `run 1` where that is recorded, `in progress`, or `no record`. */
  async record(): Promise<string> {
    const { Item: item } = await this.#table.client.send(
      new GetItemCommand({
        TableName: this.#table.tableName,
        Key: { id: { S: await this.#id() } },
        ConsistentRead: true,
      }),
    );
    if (item === undefined) return 'no record';
    const { status, data } = unmarshall(item);
    return status === 'INPROGRESS' ? 'in progress' : String(data.body);
  }

  #event(body: unknown = { sku: 'apple' }): unknown {
    return httpApiEvent({ key: this.#key, body });
  }
}

export const SITUATIONS = {
  'The holder has finished': async (story: Story, holder: Participant, comer: Participant) => {
    await story.send(holder);
    const { told } = await story.send(comer);
    return story.runs === 1 && told === 'run 1' ? 'replayed' : `told ${told} after ${story.runs} runs`;
  },

  'The holder is running': async (story: Story, holder: Participant, comer: Participant) => {
    const first = await story.start(holder);
    const { ran } = await story.send(comer);
    const lock = await story.record();
    await first.succeed();
    const last = await story.record();
    if (ran) return 'both run';
    return lock === 'in progress' && last === 'run 1'
      ? 'refused'
      : `refused, and the lock is gone; ${last === 'run 1' ? 'recorded in the end' : 'never recorded'}`;
  },

  'The holder has failed': async (story: Story, holder: Participant, comer: Participant) => {
    await (await story.start(holder)).fail();
    const { told } = await story.send(comer);
    return told === 'run 2' ? 'runs' : `told ${told}`;
  },

  'The payload is another one': async (story: Story, holder: Participant, comer: Participant) => {
    await story.send(holder);
    const { told } = await story.send(comer, { body: { sku: 'pear' } });
    const record = await story.record();
    if (told !== 'error') return `told ${told}`;
    return record === 'run 1' ? 'refused' : 'refused, and the result is gone';
  },

  'The holder has died, its lock has run out': async (
    story: Story,
    holder: Participant,
    comer: Participant,
  ) => {
    await story.start(holder);
    await story.letLeaseEnd();
    const { told } = await story.send(comer);
    return told === 'run 2' && (await story.record()) === 'run 2' ? 'takes over' : `told ${told}`;
  },

  'Overtaken; the comer ends, then the holder succeeds': async (
    story: Story,
    holder: Participant,
    comer: Participant,
  ) => {
    const first = await story.start(holder);
    await story.letLeaseEnd();
    await story.send(comer);
    const { told } = await first.succeed();
    return `${standing(await story.record(), 'run 2')}; the holder is told ${own(told, 'run 1')}`;
  },

  'Overtaken; the comer ends, then the holder fails': async (
    story: Story,
    holder: Participant,
    comer: Participant,
  ) => {
    const first = await story.start(holder);
    await story.letLeaseEnd();
    await story.send(comer);
    await first.fail();
    return standing(await story.record(), 'run 2');
  },

  'Overtaken; the holder succeeds, then the comer ends': async (
    story: Story,
    holder: Participant,
    comer: Participant,
  ) => {
    const first = await story.start(holder);
    await story.letLeaseEnd();
    const second = await story.start(comer);
    await first.succeed();
    const between = await story.record();
    const { told } = await second.succeed();
    const last = await story.record();
    const lock = between === 'in progress' ? 'the lock stands' : `the lock becomes the result of the holder`;
    const stays = between === last ? '' : between === 'in progress' ? '' : ', and is overwritten';
    return `${lock}${stays}; the comer is told ${own(told, 'run 2')}`;
  },

  'Overtaken; the holder fails, then the comer ends': async (
    story: Story,
    holder: Participant,
    comer: Participant,
  ) => {
    const first = await story.start(holder);
    await story.letLeaseEnd();
    const second = await story.start(comer);
    await first.fail();
    const between = await story.record();
    await second.succeed();
    const last = await story.record();
    if (between === 'in progress') return standing(last, 'run 2');
    return `the lock is gone; ${last === 'run 2' ? 'recorded in the end' : 'never recorded'}`;
  },
} as const;

export type Situation = keyof typeof SITUATIONS;

export async function play(
  situation: Situation,
  holder: Participant,
  comer: Participant,
  tableName: string,
): Promise<string> {
  // Powertools adds a hook to the client with each layer that is made.
  const client = testClient();
  const story = new Story({ client, tableName });
  try {
    return await SITUATIONS[situation](story, holder, comer);
  } finally {
    story.end();
    client.destroy();
  }
}

function standing(record: string, expected: string): string {
  if (record === expected) return 'the result stands';
  return record === 'no record' ? 'the result is gone' : 'the result is overwritten';
}

function own(told: string, ownRun: string): string {
  if (told === 'error') return 'to come again';
  return told === ownRun ? 'its own result' : "the other's result";
}
