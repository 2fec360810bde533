import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DEFAULTS } from '../../idempotency/options.ts';
import type { Table } from '../table/connection.ts';
import { type Diagnosis, notChecked, ok, warning } from './diagnosis.ts';

/** A `Date` header tells whole seconds, and the reply takes a while. */
const RESOLUTION_MS = 1_000;

/**
 * This machine's clock against that of DynamoDB, by the `Date` of a reply. The commands here judge leases by this clock;
 * those of Lambda are AWS's business.
 */
export async function diagnoseClock({ client, tableName }: Table): Promise<Diagnosis> {
  const date = await dateOfReply(client, tableName);
  if (date === undefined) return notChecked('clock', 'the replies of this engine have no Date');
  // The second that it names has begun: on average, it is half over.
  const skewMs = Math.round(date.askedAtMs / 2 + date.answeredAtMs / 2 - (date.repliedAtMs + 500));
  const found = `${Math.abs(skewMs / 1000).toFixed(1)} s ${skewMs < 0 ? 'behind' : 'ahead of'} that of DynamoDB`;
  if (Math.abs(skewMs) <= DEFAULTS.clockSkewMs + RESOLUTION_MS) return ok('clock', found);
  return warning('clock', {
    found,
    right: `within ${DEFAULTS.clockSkewMs} ms, as the option clockSkewMs has it by default`,
    why: 'whether a lease is over is judged by this clock in the commands here',
  });
}

interface ReplyDate {
  readonly askedAtMs: number;
  readonly repliedAtMs: number;
  readonly answeredAtMs: number;
}

async function dateOfReply(client: Table['client'], tableName: string): Promise<ReplyDate | undefined> {
  let date: string | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
      date = headers?.['date'];
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'dateOfReply' },
  );
  const askedAtMs = Date.now();
  // Whatever it answers, the reply has its date.
  await client.send(new DescribeTableCommand({ TableName: tableName })).catch(() => {});
  client.middlewareStack.remove('dateOfReply');
  const repliedAtMs = Date.parse(date ?? '');
  return Number.isNaN(repliedAtMs) ? undefined : { askedAtMs, repliedAtMs, answeredAtMs: Date.now() };
}
