import { describe, expect, jest, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  IdempotencyAlarms,
  type IdempotencyAlarmsProps,
  IdempotencyDashboard,
  IdempotencyMetrics,
  IdempotencyTable,
} from '../../lib/cdk/index.ts';
import { METRICS } from '../../lib/observability/metric-definitions.ts';
import { featureFlags } from './feature-flags.ts';

// The first template loads most of CDK: 2 s on an idle machine, several times that on a busy one.
jest.setTimeout(60_000);

const ALARM = 'AWS::CloudWatch::Alarm';
const metrics = new IdempotencyMetrics({ namespace: 'Shop', serviceName: 'cart' });

const newStack = () => new Stack(new App({ context: featureFlags(), analyticsReporting: false }), 'Test');

function templateWith(props: Omit<IdempotencyAlarmsProps, 'metrics'> = {}): Template {
  const stack = newStack();
  new IdempotencyAlarms(stack, 'Alarms', { metrics, ...props });
  return Template.fromStack(stack);
}

describe('the alarms', () => {
  test('have ids, thresholds and periods that do not change by accident', () => {
    const stack = newStack();
    new IdempotencyAlarms(stack, 'Alarms', { metrics, table: new IdempotencyTable(stack, 'Table') });
    const resources = Template.fromStack(stack).findResources(ALARM);
    const described = Object.entries(resources).map(([id, { Properties: alarm }]) => [
      id.replace(/[0-9A-F]{8}$/, ''),
      alarm.MetricName ?? 'expression',
      alarm.Threshold,
      alarm.Period ?? alarm.Metrics.at(-1).MetricStat.Period,
      `${alarm.DatapointsToAlarm} of ${alarm.EvaluationPeriods}`,
    ]);
    expect(described).toEqual([
      ['AlarmsCompletionFailures', 'IdempotencyCompletionFailed', 1, 300, '1 of 1'],
      ['AlarmsTakeovers', 'IdempotencyTakenOver', 1, 300, '1 of 1'],
      ['AlarmsUncertainKeys', 'IdempotencyUncertain', 1, 300, '1 of 1'],
      ['AlarmsSuperseded', 'IdempotencySuperseded', 1, 300, '1 of 1'],
      ['AlarmsThrottles', 'IdempotencyThrottled', 1, 300, '1 of 1'],
      ['AlarmsStoreFailures', 'IdempotencyStoreFailed', 5, 300, '1 of 1'],
      ['AlarmsConflictRatio', 'expression', 10, 900, '1 of 1'],
      ['AlarmsTableThrottles', 'expression', 10, 300, '1 of 1'],
    ]);
  });

  test('take no data for no trouble, and say what they are about', () => {
    templateWith().allResourcesProperties(ALARM, {
      TreatMissingData: 'notBreaching',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      AlarmDescription: Match.stringLikeRegexp('^Idempotency: .* docs/observing.md'),
    });
  });

  test('without a table do without its throttles', () => {
    templateWith().resourceCountIs(ALARM, 7);
  });

  test('can be tuned, and left out', () => {
    const template = templateWith({
      alarms: {
        conflictRatio: false,
        takeovers: { threshold: 3, evaluationPeriods: 3, datapointsToAlarm: 2 },
        storeFailures: { evaluationPeriods: 2 },
      },
    });
    template.resourceCountIs(ALARM, 6);
    template.hasResourceProperties(ALARM, {
      MetricName: METRICS.takenOver.name,
      Threshold: 3,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
    });
    template.hasResourceProperties(ALARM, {
      MetricName: METRICS.storeFailed.name,
      Threshold: 5,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 2,
    });
  });

  test('tell a topic that they fire, and that it is over', () => {
    const stack = newStack();
    new IdempotencyAlarms(stack, 'Alarms', { metrics, topic: new Topic(stack, 'Topic') });
    const told = [{ Ref: Match.stringLikeRegexp('^Topic') }];
    Template.fromStack(stack).allResourcesProperties(ALARM, { AlarmActions: told, OKActions: told });
  });

  test('read the dimensions that a service has, where they are others', () => {
    const dimensions = { service: 'cart', stage: 'production' };
    const metric = new IdempotencyMetrics({ namespace: 'Shop', serviceName: 'cart', dimensions }).metric(
      'inDoubt',
    );
    expect(metric.dimensions).toEqual(dimensions);
    expect(metrics.metric('inDoubt').dimensions).toEqual({ service: 'cart' });
  });
});

function wholeStack(): Stack {
  const stack = newStack();
  const table = new IdempotencyTable(stack, 'Table');
  const cart = new LambdaFunction(stack, 'Cart', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => {};'),
  });
  new IdempotencyDashboard(stack, 'Dashboard', { metrics, table, functions: [cart] });
  new IdempotencyAlarms(stack, 'Alarms', { metrics, table });
  return stack;
}

describe('the dashboard', () => {
  test('shows outcomes, dangers, conflicts and times, the table and the functions', () => {
    const [dashboard] = Object.values(
      Template.fromStack(wholeStack()).findResources('AWS::CloudWatch::Dashboard'),
    );
    const body = JSON.stringify(dashboard?.['Properties'].DashboardBody);
    const shown = [
      ...Object.values(METRICS)
        .map(({ name }) => name)
        .filter((name) => !/ResultOmitted|ConditionFailed|IdempotencyThrottled/.test(name)),
      'WriteThrottleEvents',
      'ConsumedWriteCapacityUnits',
      'Errors',
      'Duration',
      'p50',
      'p99',
    ];
    expect(shown.filter((name) => !body.includes(name))).toEqual([]);
    expect(body.match(/"?title/g)).toHaveLength(8);
  });
});

test('cdk-nag finds nothing in the alarms and the dashboard', () => {
  const stack = wholeStack();
  const found = new AwsSolutionsChecks(stack, { verbose: true })
    .validateScope(stack)
    .violations.flatMap(({ violatingResources }) =>
      violatingResources.map(({ constructPath }) => constructPath),
    );
  expect(found.filter((path) => /Alarms|Dashboard/.test(String(path)))).toEqual([]);
});
