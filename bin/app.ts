/**
 * CDK entry: `npx cdk deploy`, or `npx cdk deploy -c removalPolicy=destroy` for a trial that leaves nothing behind.
 *
 * The stack names no account and no region, so that `npx cdk synth` needs neither credentials nor a network; it is
 * deployed wherever the credentials in use point to. cdk-nag's AwsSolutions pack runs at every synthesis and stops
 * it on a finding that no one has acknowledged with a reason (`Validations.of(...).acknowledge`).
 */

import { App, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AddToCartStack } from '../lib/cdk/add-to-cart-stack.ts';
import type { IdempotencyAlarmChoices } from '../lib/cdk/idempotency-alarms.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));

new AddToCartStack(app, 'AddToCart', {
  removalPolicy: removalPolicyOf(app.node.tryGetContext('removalPolicy')),
  alarms: alarmsOf(app.node.tryGetContext('metricMath')),
});

/** Emulators know alarms on a metric, and none on an expression over several. */
function alarmsOf(metricMath: unknown): IdempotencyAlarmChoices {
  if (metricMath === undefined || metricMath === 'on') return {};
  if (metricMath === 'off') return { conflictRatio: false, tableThrottles: false };
  throw new Error(
    `The context value "metricMath" must be "on" or "off"; it is ${JSON.stringify(metricMath)}.`,
  );
}

function removalPolicyOf(choice: unknown): RemovalPolicy {
  if (choice === undefined || choice === 'retain') return RemovalPolicy.RETAIN;
  if (choice === 'destroy') return RemovalPolicy.DESTROY;
  throw new Error(
    `The context value "removalPolicy" must be "retain" or "destroy"; it is ${JSON.stringify(choice)}.`,
  );
}
