/** Entry of `lambda-idempotency/cdk`. Nothing outside this folder imports CDK. */

export type { IdempotentCors } from './cors.ts';
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
export { IdempotentFunction, type IdempotentFunctionProps } from './idempotent-function.ts';
export {
  IdempotentHttpApi,
  type IdempotentHttpApiProps,
  type IdempotentHttpRoute,
  type JwtIssuer,
} from './idempotent-http-api.ts';
export {
  IdempotentRestApi,
  type IdempotentRestApiProps,
  type IdempotentRestRoute,
} from './idempotent-rest-api.ts';
export type { Throttle } from './throttle.ts';

// Left out on purpose: AddToCartStack and the constructs that only it uses. They deploy this repository's sample,
// from sources that the package does not carry; read and copy them instead.
