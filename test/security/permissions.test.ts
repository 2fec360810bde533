import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { App, CfnElement, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { IdempotencyTable } from '../../lib/cdk/index.ts';
import { featureFlags } from '../cdk/feature-flags.ts';
import { permissionsOf } from '../cdk/iam-permissions.ts';
import { createIdempotencyTable, testClient } from '../support/dynamodb.ts';
import { playEveryOutcome } from './every-outcome.ts';
import { FORMS } from './marked-play.ts';

// The first template loads most of CDK: 2 s on an idle machine, several times that on a busy one.
jest.setTimeout(60_000);

let client: DynamoDBClient;
let intruder: DynamoDBClient;

beforeAll(() => {
  client = testClient();
  intruder = testClient();
});
afterAll(() => {
  client.destroy();
  intruder.destroy();
});

/** What IAM checks of the idempotency tables for each request that passes through `client` from now on. */
function watchActions(tableNames: ReadonlySet<string>): ReadonlySet<string> {
  const actions = new Set<string>();
  client.middlewareStack.add(
    (next, context) => (args) => {
      const command = String(context['commandName']).replace(/Command$/, '');
      for (const [action, tableName] of checkedActions(command, args.input)) {
        if (tableNames.has(tableName)) actions.add(`dynamodb:${action}`);
      }
      return next(args);
    },
    { step: 'initialize', name: 'watchActions' },
  );
  return actions;
}

/**
 * A transaction is no action of its own: each of its items is checked as the single request would be ("IAM with DynamoDB
 * transactions", Developer Guide).
 */
function checkedActions(command: string, input: object): (readonly [action: string, tableName: string])[] {
  const { TransactItems: items, TableName: tableName } = input as {
    readonly TransactItems?: readonly TransactWriteItem[];
    readonly TableName?: string;
  };
  if (items === undefined) return [[command, tableName ?? '']];
  return items
    .flatMap((item) => Object.entries(item))
    .map(([kind, request]) => [`${kind}Item`, (request as { readonly TableName: string }).TableName]);
}

function grantedActions(): string[] {
  const stack = new Stack(new App({ context: featureFlags(), analyticsReporting: false }), 'Test');
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  const table = new IdempotencyTable(stack, 'Idempotency');
  table.grantIdempotency(role).assertSuccess();
  const resource = role.node.defaultChild;
  if (!CfnElement.isCfnElement(resource)) throw new Error('The role has no CloudFormation resource.');
  const lines = permissionsOf(Template.fromStack(stack), String(stack.resolve(resource.logicalId)));
  return lines.map((line) => line.split(' on ')[0] ?? line);
}

test('the actions that the stack grants are exactly those that the code calls over every outcome', async () => {
  const tableNames = new Set<string>();
  const called = watchActions(tableNames);
  const dataTable = await createIdempotencyTable();
  // What the library warns of in this play is looked at in leaks.test.ts.
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  for (const form of FORMS) {
    const tableName = await createIdempotencyTable();
    tableNames.add(tableName);
    await playEveryOutcome(form, { client, intruder, tableName, dataTable });
  }
  warn.mockRestore();
  expect([...called].sort()).toEqual(grantedActions().sort());
});
