import { describe, expect, jest, test } from '@jest/globals';
import { App, CfnElement, type Environment, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import {
  type GrantIdempotencyOptions,
  IdempotencyTable,
  type IdempotencyTableProps,
} from '../../lib/cdk/index.ts';
import { recordId } from '../../lib/idempotency/operation.ts';
import { LOCK_ID_PREFIX, lockId } from '../../lib/locks/lock-id.ts';
import { ATTRIBUTES } from '../../lib/stores/dynamodb-record.ts';
import { featureFlags } from './feature-flags.ts';
import { permissionsOf } from './iam-permissions.ts';

// The first template loads most of CDK: 2 s on an idle machine, several times that on a busy one.
jest.setTimeout(60_000);

const TABLE = 'AWS::DynamoDB::GlobalTable';

function newStack(env: Environment = {}): Stack {
  return new Stack(new App({ context: featureFlags(), analyticsReporting: false }), 'Test', { env });
}

function templateWith(props?: IdempotencyTableProps): Template {
  const stack = newStack();
  new IdempotencyTable(stack, 'Idempotency', props);
  return Template.fromStack(stack);
}

function newRole(stack: Stack): Role {
  return new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
}

function newFunction(stack: Stack): LambdaFunction {
  return new LambdaFunction(stack, 'Function', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => {};'),
    role: newRole(stack),
  });
}

function logicalId(stack: Stack, construct: Role | IdempotencyTable): string {
  const resource = construct instanceof Role ? construct : construct.table;
  const child = resource.node.defaultChild;
  if (!CfnElement.isCfnElement(child)) throw new Error('The construct has no CloudFormation resource.');
  return String(stack.resolve(child.logicalId));
}

describe('the table', () => {
  test('has the key and the expiry attribute that the store writes', () => {
    templateWith().hasResourceProperties(TABLE, {
      AttributeDefinitions: [{ AttributeName: ATTRIBUTES.id, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: ATTRIBUTES.id, KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: ATTRIBUTES.expiration, Enabled: true },
    });
  });

  test('is billed by request and exists in one region only', () => {
    templateWith().hasResourceProperties(TABLE, {
      BillingMode: 'PAY_PER_REQUEST',
      Replicas: [Match.objectLike({ Region: { Ref: 'AWS::Region' } })],
    });
  });

  test('can be restored to a point in time, unless that is switched off', () => {
    expect(replicaOf(templateWith())).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    expect(replicaOf(templateWith({ pointInTimeRecovery: false }))).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
    });
  });

  test('outlives its stack and refuses deletion', () => {
    const template = templateWith();
    template.hasResource(TABLE, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(replicaOf(template)).toMatchObject({ DeletionProtectionEnabled: true });
  });

  test('can be deleted with its stack where DESTROY is asked for', () => {
    const template = templateWith({ removalPolicy: RemovalPolicy.DESTROY });
    template.hasResource(TABLE, { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    expect(replicaOf(template)).toMatchObject({ DeletionProtectionEnabled: false });
  });

  test('follows an explicit deletion protection, whatever the removal policy', () => {
    expect(replicaOf(templateWith({ deletionProtection: false }))).toMatchObject({
      DeletionProtectionEnabled: false,
    });
    expect(
      replicaOf(templateWith({ deletionProtection: true, removalPolicy: RemovalPolicy.DESTROY })),
    ).toMatchObject({ DeletionProtectionEnabled: true });
  });

  test('is encrypted under the AWS managed key, or under none of the account where that is asked for', () => {
    templateWith().hasResourceProperties(TABLE, { SSESpecification: { SSEEnabled: true, SSEType: 'KMS' } });
    templateWith({ encryption: TableEncryptionV2.dynamoOwnedKey() }).hasResourceProperties(TABLE, {
      SSESpecification: { SSEEnabled: false },
    });
  });

  test('has a generated name, or the one it is given', () => {
    templateWith().hasResourceProperties(TABLE, { TableName: Match.absent() });
    templateWith({ tableName: 'payments-idempotency' }).hasResourceProperties(TABLE, {
      TableName: 'payments-idempotency',
    });
  });
});

test('the table has the throughput and the copies that are asked for, protected as it is itself', () => {
  const stack = newStack({ region: 'eu-west-1' });
  const warmThroughput = { readUnitsPerSecond: 13_000, writeUnitsPerSecond: 5_000 };
  new IdempotencyTable(stack, 'Idempotency', { warmThroughput, replicaRegions: ['eu-central-1'] });
  const isProtected = {
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  };
  Template.fromStack(stack).hasResourceProperties(TABLE, {
    WarmThroughput: { ReadUnitsPerSecond: 13_000, WriteUnitsPerSecond: 5_000 },
    Replicas: Match.arrayWith([
      Match.objectLike({ Region: 'eu-central-1', ...isProtected }),
      Match.objectLike({ Region: 'eu-west-1', ...isProtected }),
    ]),
  });
});

describe('grantIdempotency', () => {
  function grantedToFunction(options?: GrantIdempotencyOptions): { template: Template; tableId: string } {
    const stack = newStack();
    const table = new IdempotencyTable(stack, 'Idempotency');
    table.grantIdempotency(newFunction(stack), options);
    return { template: Template.fromStack(stack), tableId: logicalId(stack, table) };
  }

  test('allows the four requests of the store on this table, and nothing else', () => {
    const stack = newStack();
    const table = new IdempotencyTable(stack, 'Idempotency');
    const role = newRole(stack);
    table.grantIdempotency(role).assertSuccess();
    const arn = JSON.stringify({ 'Fn::GetAtt': [logicalId(stack, table), 'Arn'] });
    expect(permissionsOf(Template.fromStack(stack), logicalId(stack, role))).toEqual([
      `dynamodb:DeleteItem on ${arn}`,
      `dynamodb:GetItem on ${arn}`,
      `dynamodb:PutItem on ${arn}`,
      `dynamodb:UpdateItem on ${arn}`,
    ]);
  });

  test('tells a function the name of the table in IDEMPOTENCY_TABLE', () => {
    const { template, tableId } = grantedToFunction();
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { IDEMPOTENCY_TABLE: { Ref: tableId } } },
    });
  });

  test('uses another variable, or none, on request', () => {
    const named = grantedToFunction({ environmentVariable: 'REFUNDS_TABLE' });
    named.template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: { REFUNDS_TABLE: { Ref: named.tableId }, IDEMPOTENCY_TABLE: Match.absent() },
      },
    });
    grantedToFunction({ environmentVariable: false }).template.hasResourceProperties(
      'AWS::Lambda::Function',
      {
        Environment: Match.absent(),
      },
    );
  });

  test('grants permissions alone to an alias, which has no environment of its own', () => {
    const stack = newStack();
    const table = new IdempotencyTable(stack, 'Idempotency');
    table.grantIdempotency(newFunction(stack).addAlias('live'));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: Match.absent() });
    template.resourceCountIs('AWS::IAM::Policy', 1);
  });

  test('covers the use of a customer-managed key', () => {
    const stack = newStack({ region: 'eu-west-1' });
    const key = new Key(stack, 'Key', { enableKeyRotation: true });
    const table = new IdempotencyTable(stack, 'Idempotency', {
      encryption: TableEncryptionV2.customerManagedKey(key),
    });
    const role = newRole(stack);
    table.grantIdempotency(role).assertSuccess();
    const keyArn = JSON.stringify(stack.resolve(key.keyArn));
    const onKey = permissionsOf(Template.fromStack(stack), logicalId(stack, role)).filter((line) =>
      line.endsWith(keyArn),
    );
    expect(onKey).toEqual([
      `kms:Decrypt on ${keyArn}`,
      `kms:DescribeKey on ${keyArn}`,
      `kms:Encrypt on ${keyArn}`,
      `kms:GenerateDataKey* on ${keyArn}`,
      `kms:ReEncrypt* on ${keyArn}`,
    ]);
  });
});

describe('grantLocks', () => {
  function statementsFor(grant: (table: IdempotencyTable, role: Role) => void): unknown[] {
    const stack = newStack();
    const table = new IdempotencyTable(stack, 'Idempotency');
    const role = newRole(stack);
    grant(table, role);
    const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    return policies.flatMap((policy) => policy['Properties'].PolicyDocument.Statement);
  }

  test('allows the two requests of locks on this table, for ids of locks alone', () => {
    const statements = statementsFor((table, role) => table.grantLocks(role).assertSuccess());
    expect(statements).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Idempotency/), 'Arn'] },
        Condition: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['lock:*'] },
          // Without keys the condition above would hold as well.
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      },
    ]);
  });

  test('names the ids that locks have, and that no record has', () => {
    expect(`${LOCK_ID_PREFIX}*`).toBe('lock:*');
    expect(lockId('default', 'seat 1').startsWith(LOCK_ID_PREFIX)).toBe(true);
    expect(lockId('any.name-space', '#')).not.toContain('#');
    expect(recordId('lock:', ['k'])).toContain('#');
  });

  test('tells a function the name of the table, and covers the use of a customer-managed key', () => {
    const stack = newStack({ region: 'eu-west-1' });
    const key = new Key(stack, 'Key', { enableKeyRotation: true });
    const encryption = TableEncryptionV2.customerManagedKey(key);
    const table = new IdempotencyTable(stack, 'Idempotency', { encryption });
    table.grantLocks(newFunction(stack), { environmentVariable: 'LOCKS_TABLE' });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { LOCKS_TABLE: { Ref: logicalId(stack, table) } } },
    });
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).toContain('kms:Decrypt');
  });
});

function replicaOf(template: Template): unknown {
  const [table] = Object.values(template.findResources(TABLE));
  return table?.['Properties'].Replicas[0];
}
