import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { IdempotencyMetrics } from './idempotency-metrics.ts';
import type { IdempotencyTable } from './idempotency-table.ts';
import { tableThrottles } from './table-throttles.ts';

/** How one alarm differs from its default. */
export interface IdempotencyAlarmTuning {
  /** The alarm fires at this value and above. @default - see the alarm */
  readonly threshold?: number;
  /** Periods that are looked at. @default 1 */
  readonly evaluationPeriods?: number;
  /** Periods of these that must be at the threshold. @default - all of them */
  readonly datapointsToAlarm?: number;
}

/** Each alarm can be tuned, or left out by `false`. */
export interface IdempotencyAlarmChoices {
  /**
   * Handlers that had run, and whose key may not be consumed. One in 5 minutes: when its lease is over a retry runs it again,
   * and there is as long as that to look. @default { threshold: 1 }
   */
  readonly completionFailures?: IdempotencyAlarmTuning | false;
  /**
   * Attempts that ended without telling how, and were taken over. One in 5 minutes: the effect may have taken place twice, if
   * it is not repeatable. With time-outs that fit there are none; raise it where crashes are routine and effects are
   * repeatable. @default { threshold: 1 }
   */
  readonly takeovers?: IdempotencyAlarmTuning | false;
  /**
   * Requests held back because the outcome of an earlier attempt is unknown. One in 5 minutes: a person has to settle the key,
   * and its caller is waiting. @default { threshold: 1 }
   */
  readonly uncertainKeys?: IdempotencyAlarmTuning | false;
  /**
   * Attempts that lost their lease while they ran. One in 5 minutes: two may have run side by side, which the lease is there to
   * rule out; a clock is wrong by more than `clockSkewMs`, or a process was frozen. @default { threshold: 1 }
   */
  readonly superseded?: IdempotencyAlarmTuning | false;
  /**
   * Store requests that were throttled for longer than the client tries again. One in 5 minutes: its caller got an error.
   * @default { threshold: 1 }
   */
  readonly throttles?: IdempotencyAlarmTuning | false;
  /**
   * Failures of the store, throttled ones included. 5 in 5 minutes: a lost connection now and then is what retries are for; a
   * table that is gone, or may not be used, fails every request. @default { threshold: 5 }
   */
  readonly storeFailures?: IdempotencyAlarmTuning | false;
  /**
   * Percentage of requests that were refused because of their key, over 15 minutes with 20 requests at least. 10: a double
   * click is rare; where one in ten meets its twin, callers retry before the handler can be done, or make one key for
   * several operations. @default { threshold: 10 }
   */
  readonly conflictRatio?: IdempotencyAlarmTuning | false;
  /**
   * Throttled requests as DynamoDB itself counts them, tries again included; only where `table` is given. 10 in 5 minutes: the
   * client hides a few at the price of latency, and this is the warning before `throttles`. @default { threshold: 10 }
   */
  readonly tableThrottles?: IdempotencyAlarmTuning | false;
}

/** What an alarm is called among the props. */
export type IdempotencyAlarmName = keyof IdempotencyAlarmChoices;

/** Of `IdempotencyAlarms`. */
export interface IdempotencyAlarmsProps {
  readonly metrics: IdempotencyMetrics;

  /** Its throttles are watched as well. @default - none */
  readonly table?: IdempotencyTable;

  /** Tunes alarms, or leaves them out. @default - all of them, as they are */
  readonly alarms?: IdempotencyAlarmChoices;

  /** Told when an alarm fires, and when it is over. @default - nobody; see `addAlarmAction` */
  readonly topic?: ITopic;
}

interface Definition {
  readonly id: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly description: string;
}

/**
 * An alarm for each way in which a key can come to harm. No data is no trouble: counts are emitted when something happens, and
 * a service without requests has none, so that missing periods do not breach.
 *
 * @example
 * ```ts
 * const metrics = new IdempotencyMetrics({ namespace: 'Shop', serviceName: 'cart' });
 * new IdempotencyAlarms(this, 'Alarms', { metrics, table, topic, alarms: { takeovers: { threshold: 3 } } });
 * ```
 */
export class IdempotencyAlarms extends Construct {
  /** The alarms that there are, by name. */
  readonly alarms: Readonly<Partial<Record<IdempotencyAlarmName, Alarm>>>;

  constructor(scope: Construct, id: string, props: IdempotencyAlarmsProps) {
    super(scope, id);
    const alarms: Partial<Record<IdempotencyAlarmName, Alarm>> = {};
    for (const [name, definition] of definitionsOf(props)) {
      const tuning = props.alarms?.[name] ?? {};
      if (tuning === false) continue;
      alarms[name] = this.#createAlarm(definition, tuning);
    }
    this.alarms = alarms;
    if (props.topic !== undefined) this.#notify(props.topic);
  }

  /** What every alarm does when it fires. */
  addAlarmAction(...actions: readonly IAlarmAction[]): void {
    for (const alarm of Object.values(this.alarms)) alarm.addAlarmAction(...actions);
  }

  #createAlarm(
    { id, metric, description, threshold }: Definition,
    { evaluationPeriods = 1, ...tuning }: IdempotencyAlarmTuning,
  ): Alarm {
    return new Alarm(this, id, {
      metric,
      threshold: tuning.threshold ?? threshold,
      evaluationPeriods,
      datapointsToAlarm: tuning.datapointsToAlarm ?? evaluationPeriods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `Idempotency: ${description} See docs/observing.md of lambda-idempotency.`,
    });
  }

  #notify(topic: ITopic): void {
    const action = new SnsAction(topic);
    for (const alarm of Object.values(this.alarms)) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }
}

function definitionsOf({
  metrics,
  table,
}: IdempotencyAlarmsProps): readonly (readonly [IdempotencyAlarmName, Definition])[] {
  const always = [
    define(
      'completionFailures',
      'CompletionFailures',
      metrics.metric('completionFailed'),
      1,
      'a handler ran, and its key may not be consumed.',
    ),
    define(
      'takeovers',
      'Takeovers',
      metrics.metric('takenOver'),
      1,
      'an attempt ended without telling how, and was taken over.',
    ),
    define(
      'uncertainKeys',
      'UncertainKeys',
      metrics.metric('uncertain'),
      1,
      'a key is blocked until somebody finds out what became of it.',
    ),
    define(
      'superseded',
      'Superseded',
      metrics.metric('superseded'),
      1,
      'an attempt lost its lease while it ran.',
    ),
    define(
      'throttles',
      'Throttles',
      metrics.metric('throttled'),
      1,
      'the store was throttled for longer than its client tries.',
    ),
    define('storeFailures', 'StoreFailures', metrics.metric('storeFailed'), 5, 'the store fails.'),
    define(
      'conflictRatio',
      'ConflictRatio',
      metrics.conflictRatio(Duration.minutes(15)),
      10,
      'many requests are refused because of their key.',
    ),
  ];
  if (table === undefined) return always;
  return [
    ...always,
    define('tableThrottles', 'TableThrottles', tableThrottles(table), 10, 'DynamoDB throttles the table.'),
  ];
}

function define(
  name: IdempotencyAlarmName,
  id: string,
  metric: IMetric,
  threshold: number,
  description: string,
): readonly [IdempotencyAlarmName, Definition] {
  return [name, { id, metric, threshold, description }];
}
