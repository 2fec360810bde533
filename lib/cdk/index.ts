/** Entry of `lambda-idempotency/cdk`. Nothing outside this folder imports CDK. */

export {
  type IdempotencyAlarmChoices,
  type IdempotencyAlarmName,
  IdempotencyAlarms,
  type IdempotencyAlarmsProps,
  type IdempotencyAlarmTuning,
} from './idempotency-alarms.ts';
export { IdempotencyDashboard, type IdempotencyDashboardProps } from './idempotency-dashboard.ts';
export { IdempotencyMetrics, type IdempotencyMetricsProps } from './idempotency-metrics.ts';
export {
  type GrantIdempotencyOptions,
  IdempotencyTable,
  type IdempotencyTableProps,
} from './idempotency-table.ts';

// Left out on purpose: AddToCartStack and the constructs that only it uses. They deploy this repository's sample,
// from sources that the package does not carry; read and copy them instead.
