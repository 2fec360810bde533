/**
 * As much of CloudWatch as alarms need: reads the embedded metric format, keeps data points, and evaluates the alarms of a
 * template on them. Only what our templates use is understood; anything else throws.
 */

interface DataPoint {
  readonly namespace: string;
  readonly name: string;
  /** As JSON, sorted by name: CloudWatch tells metrics apart by exactly these. */
  readonly dimensions: string;
  readonly timestampMs: number;
  readonly value: number;
}

interface Dimension {
  readonly Name: string;
  readonly Value: unknown;
}

interface MetricReference {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly Dimension[];
}

/** Members of `AWS::CloudWatch::Alarm`, as CDK writes them. */
export interface AlarmProperties extends Partial<MetricReference> {
  readonly Statistic?: string;
  readonly Period?: number;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly ReturnData?: boolean;
    readonly MetricStat?: {
      readonly Metric: MetricReference;
      readonly Period: number;
      readonly Stat: string;
    };
  }[];
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly TreatMissingData: string;
}

interface Emitted {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

export class CloudWatch {
  readonly #points: DataPoint[] = [];

  /** Takes up all lines of a log that are metrics. */
  ingest(log: string): void {
    for (const line of log.split('\n')) {
      if (line.includes('"CloudWatchMetrics"')) this.#ingestLine(JSON.parse(line) as Emitted);
    }
  }

  /** A data point that AWS itself emits. */
  put(metric: MetricReference, timestampMs: number, value: number): void {
    const { Namespace: namespace, MetricName: name, Dimensions = [] } = metric;
    this.#points.push({ namespace, name, dimensions: dimensionsOf(Dimensions), timestampMs, value });
  }

  /** Whether the alarm fires when the period in which `nowMs` lies is the last one that it looks at. */
  fires(alarm: AlarmProperties, nowMs: number): boolean {
    if (
      alarm.ComparisonOperator !== 'GreaterThanOrEqualToThreshold' ||
      alarm.TreatMissingData !== 'notBreaching'
    ) {
      throw new Error(
        `Unknown comparison: ${alarm.ComparisonOperator}, missing data ${alarm.TreatMissingData}`,
      );
    }
    const periodMs =
      1000 * (alarm.Period ?? alarm.Metrics?.find((one) => one.MetricStat)?.MetricStat?.Period ?? 0);
    const last = Math.floor(nowMs / periodMs);
    let breaching = 0;
    for (let index = last - alarm.EvaluationPeriods + 1; index <= last; index++) {
      const value = this.#valueOf(alarm, { fromMs: index * periodMs, toMs: (index + 1) * periodMs });
      if (value !== undefined && value >= alarm.Threshold) breaching += 1;
    }
    return breaching >= alarm.DatapointsToAlarm;
  }

  #valueOf(alarm: AlarmProperties, period: { fromMs: number; toMs: number }): number | undefined {
    if (alarm.Metrics === undefined) {
      const { Namespace = '', MetricName = '', Dimensions = [] } = alarm;
      return this.#sum({ Namespace, MetricName, Dimensions }, alarm.Statistic, period);
    }
    const values: Record<string, number | undefined> = {};
    for (const { Id, MetricStat } of alarm.Metrics) {
      if (MetricStat !== undefined) values[Id] = this.#sum(MetricStat.Metric, MetricStat.Stat, period);
    }
    const returned = alarm.Metrics.find(({ ReturnData }) => ReturnData !== false);
    if (returned?.Expression === undefined) throw new Error('The alarm has no expression.');
    return evaluateMath(returned.Expression, values);
  }

  #sum(
    { Namespace, MetricName, Dimensions = [] }: MetricReference,
    statistic: string | undefined,
    { fromMs, toMs }: { fromMs: number; toMs: number },
  ): number | undefined {
    if (statistic !== 'Sum') throw new Error(`Unknown statistic: ${statistic}`);
    const dimensions = dimensionsOf(Dimensions);
    const found = this.#points.filter(
      (point) =>
        point.namespace === Namespace &&
        point.name === MetricName &&
        point.dimensions === dimensions &&
        point.timestampMs >= fromMs &&
        point.timestampMs < toMs,
    );
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  #ingestLine({ _aws, ...members }: Emitted): void {
    for (const { Namespace, Dimensions, Metrics } of _aws.CloudWatchMetrics) {
      for (const names of Dimensions) {
        const dimensions = names.map((Name) => ({ Name, Value: members[Name] }));
        for (const { Name } of Metrics) {
          for (const value of [members[Name]].flat()) {
            this.put({ Namespace, MetricName: Name, Dimensions: dimensions }, _aws.Timestamp, Number(value));
          }
        }
      }
    }
  }
}

function dimensionsOf(dimensions: readonly Dimension[]): string {
  return JSON.stringify(dimensions.map(({ Name, Value }) => [Name, Value]).sort());
}

/** What our expressions use of metric math is valid JavaScript, with these two functions. */
function evaluateMath(expression: string, values: Readonly<Record<string, number | undefined>>): number {
  const functions = {
    FILL: (value: number | undefined, filling: number) => value ?? filling,
    IF: (condition: boolean, yes: number, no: number) => (condition ? yes : no),
  };
  const scope = { ...functions, ...values };
  const evaluate = new Function(...Object.keys(scope), `return ${expression};`);
  return evaluate(...Object.values(scope));
}
