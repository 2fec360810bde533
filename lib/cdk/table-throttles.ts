import { Duration } from 'aws-cdk-lib';
import { MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IdempotencyTable } from './idempotency-table.ts';

/** Requests that DynamoDB has throttled in 5 minutes, reads and writes. It has no data where there are none. */
export function tableThrottles({ table }: IdempotencyTable): MathExpression {
  const period = Duration.minutes(5);
  const sum = (name: string) => table.metric(name, { statistic: Stats.SUM, period });
  return new MathExpression({
    expression: 'FILL(reads, 0) + FILL(writes, 0)',
    usingMetrics: { reads: sum('ReadThrottleEvents'), writes: sum('WriteThrottleEvents') },
    label: 'Throttled requests',
    period,
  });
}
