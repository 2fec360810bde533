import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS, type MetricKey } from '../observability/metric-definitions.ts';

/** Where the metrics are found in CloudWatch. */
export interface IdempotencyMetricsProps {
  /** The `namespace` of the function's Powertools `Metrics`. */
  readonly namespace: string;

  /** The `serviceName` of the function's Powertools `Metrics`, which is the dimension `service` of all that it emits. */
  readonly serviceName: string;

  /**
   * All dimensions of that `Metrics`, where they are not `service` alone. CloudWatch finds a metric by its exact dimensions.
   *
   * @default - { service: serviceName }
   */
  readonly dimensions?: Readonly<Record<string, string>>;
}

const DEFAULT_PERIOD = Duration.minutes(5);

/** Below this a ratio says nothing: two clicks on one button are half of four requests. */
const REQUESTS_LEAST = 20;

/** The metrics that `metricsListener` of `lambda-idempotency/observability` emits for one service, as CloudWatch reads them. */
export class IdempotencyMetrics {
  readonly #namespace: string;
  readonly #dimensions: Record<string, string>;

  constructor({ namespace, serviceName, dimensions = { service: serviceName } }: IdempotencyMetricsProps) {
    this.#namespace = namespace;
    this.#dimensions = { ...dimensions };
  }

  /** One metric of the library. `statistic` is the sum, unless it is a time that is asked for. */
  metric(key: MetricKey, statistic: string = Stats.SUM, period: Duration = DEFAULT_PERIOD): Metric {
    return new Metric({
      namespace: this.#namespace,
      metricName: METRICS[key].name,
      dimensionsMap: this.#dimensions,
      statistic,
      period,
    });
  }

  /**
   * Percentage of the guarded requests that were refused because of their key: the first one was running, or had another
   * payload. 0 below 20 requests a period. With `strategy: 'single-write'` a first run is known by its completion.
   */
  conflictRatio(period: Duration = DEFAULT_PERIOD): MathExpression {
    const sum = (key: MetricKey) => this.metric(key, Stats.SUM, period);
    const runs = 'IF(FILL(acquired, 0) > FILL(completed, 0), FILL(acquired, 0), FILL(completed, 0))';
    const conflicts = 'FILL(inProgress, 0) + FILL(mismatch, 0)';
    const requests = `${runs} + FILL(replayed, 0) + FILL(uncertain, 0) + ${conflicts}`;
    return new MathExpression({
      expression: `IF(${requests} >= ${REQUESTS_LEAST}, 100 * (${conflicts}) / (${requests}), 0)`,
      usingMetrics: {
        acquired: sum('acquired'),
        completed: sum('completed'),
        replayed: sum('replayed'),
        inProgress: sum('inProgress'),
        mismatch: sum('mismatch'),
        uncertain: sum('uncertain'),
      },
      label: 'Conflicts, % of requests',
      period,
    });
  }
}
