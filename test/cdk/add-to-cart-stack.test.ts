import { beforeAll, describe, expect, test } from '@jest/globals';
import { App, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { AwsSolutionsChecks } from 'cdk-nag';
import { RETENTION_SECONDS } from '../../functions/charge-orders/charge-orders.ts';
import { METRICS_NAMESPACE } from '../../functions/metrics-namespace.ts';
import { AddToCartStack, type AddToCartStackProps } from '../../lib/cdk/add-to-cart-stack.ts';
import { DEFAULTS } from '../../lib/idempotency/options.ts';
import { featureFlags } from './feature-flags.ts';
import { permissionsOf } from './iam-permissions.ts';

/** Bundling is left out here, for it does not change the template; deployed-bundle.test.ts looks at the bundles. */
function newStack(props?: AddToCartStackProps): AddToCartStack {
  const context = { ...featureFlags(), 'aws:cdk:bundling-stacks': [] };
  return new AddToCartStack(new App({ context, analyticsReporting: false }), 'AddToCart', props);
}

/** Loading CDK takes most of it: 3 s on an idle machine, several times that on a busy one. */
const SYNTHESIS_TIMEOUT_MS = 60_000;

const DAY_SECONDS = 24 * 60 * 60;

let stack: AddToCartStack;
let template: Template;

beforeAll(() => {
  stack = newStack();
  template = Template.fromStack(stack);
}, SYNTHESIS_TIMEOUT_MS);

/** Logical ids carry a hash of the construct's path; this finds the one resource of a type whose id begins so. */
function idOf(type: string, beginning: string): string {
  const ids = Object.keys(template.findResources(type)).filter((id) =>
    new RegExp(`^${beginning}[0-9A-F]{8}$`).test(id),
  );
  expect(ids).toHaveLength(1);
  return String(ids[0]);
}

const attributeArn = (id: string): string => JSON.stringify({ 'Fn::GetAtt': [id, 'Arn'] });

describe('the tables', () => {
  test('of idempotency records, carts, seats and charges outlive the stack and can be restored', () => {
    template.resourceCountIs('AWS::DynamoDB::GlobalTable', 4);
    template.allResources('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: Match.objectLike({
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
        Replicas: [
          Match.objectLike({
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          }),
        ],
      }),
    });
  });

  test('keep one row for each line of a cart, and no expiry on it', () => {
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      KeySchema: [
        { AttributeName: 'cartId', KeyType: 'HASH' },
        { AttributeName: 'lineId', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: Match.absent(),
    });
  });

  test('and the logs go with the stack where DESTROY is asked for', () => {
    const trial = Template.fromStack(newStack({ removalPolicy: RemovalPolicy.DESTROY }));
    trial.allResources('AWS::DynamoDB::GlobalTable', { DeletionPolicy: 'Delete' });
    trial.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete' });
    trial.allResources('AWS::SQS::Queue', { DeletionPolicy: 'Delete' });
  });
});

describe('the functions', () => {
  test('run on Node.js 24, arm64, within the time that the gateway waits', () => {
    template.resourceCountIs('AWS::Lambda::Function', 6);
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Timeout: 10,
      MemorySize: 512,
    });
  });

  test('are told their tables and nothing about a local run', () => {
    const cart = { Ref: idOf('AWS::DynamoDB::GlobalTable', 'Cart') };
    expect(environmentOf('AddToCart')).toEqual({
      NODE_OPTIONS: '--enable-source-maps',
      POWERTOOLS_SERVICE_NAME: 'add-to-cart',
      CART_TABLE: cart,
      IDEMPOTENCY_TABLE: { Ref: idOf('AWS::DynamoDB::GlobalTable', 'IdempotencyTable') },
    });
    expect(environmentOf('ListCart')).toEqual({
      NODE_OPTIONS: '--enable-source-maps',
      POWERTOOLS_SERVICE_NAME: 'list-cart',
      CART_TABLE: cart,
    });
    expect(environmentOf('ChargeOrders')).toEqual({
      NODE_OPTIONS: '--enable-source-maps',
      POWERTOOLS_SERVICE_NAME: 'charge-orders',
      CHARGES_TABLE: { Ref: idOf('AWS::DynamoDB::GlobalTable', 'Charges') },
      IDEMPOTENCY_TABLE: { Ref: idOf('AWS::DynamoDB::GlobalTable', 'IdempotencyTable') },
    });
    const seats = { Ref: idOf('AWS::DynamoDB::GlobalTable', 'Seats') };
    for (const [name, serviceName] of [
      ['HoldSeat', 'hold-seat'],
      ['BookSeat', 'book-seat'],
    ] as const) {
      expect(environmentOf(`SeatSale${name}`)).toEqual({
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: serviceName,
        SEATS_TABLE: seats,
        IDEMPOTENCY_TABLE: { Ref: idOf('AWS::DynamoDB::GlobalTable', 'IdempotencyTable') },
      });
    }
    expect(environmentOf('SeatSaleListSeats')).toEqual({
      NODE_OPTIONS: '--enable-source-maps',
      POWERTOOLS_SERVICE_NAME: 'list-seats',
      SEATS_TABLE: seats,
    });
  });

  function environmentOf(name: string): unknown {
    const id = idOf('AWS::Lambda::Function', name);
    return template.findResources('AWS::Lambda::Function')[id]?.['Properties'].Environment.Variables;
  }

  test.each([
    'AddToCart',
    'ListCart',
    'ChargeOrders',
    'SeatSaleHoldSeat',
    'SeatSaleBookSeat',
    'SeatSaleListSeats',
  ])('log as JSON to a group of their own (%s)', (name) => {
    const id = idOf('AWS::Lambda::Function', name);
    expect(template.findResources('AWS::Lambda::Function')[id]?.['Properties'].LoggingConfig).toEqual({
      LogFormat: 'JSON',
      LogGroup: { Ref: idOf('AWS::Logs::LogGroup', `${name}Logs`) },
    });
  });

  test('and the gateway keep their logs for 30 days', () => {
    template.resourceCountIs('AWS::Logs::LogGroup', 7);
    template.allResources('AWS::Logs::LogGroup', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({ RetentionInDays: 30 }),
    });
  });
});

describe('the permissions', () => {
  /** Each action on the table whose id begins so. */
  const actionsOn = (table: string, ...actions: string[]) => {
    const arn = attributeArn(idOf('AWS::DynamoDB::GlobalTable', table));
    return actions.map((action) => `dynamodb:${action} on ${arn}`);
  };
  const actionsOnRecords = () =>
    actionsOn('IdempotencyTable', 'DeleteItem', 'GetItem', 'PutItem', 'UpdateItem');
  const ownLog = (name: string) => {
    const logs = attributeArn(idOf('AWS::Logs::LogGroup', `${name}Logs`));
    return [`logs:CreateLogStream on ${logs}`, `logs:PutLogEvents on ${logs}`];
  };
  const permissionsOfRole = (name: string) => permissionsOf(template, idOf('AWS::IAM::Role', `${name}Role`));

  test('of add-to-cart are its requests to its two tables, and its own log', () => {
    expect(permissionsOfRole('AddToCart')).toEqual(
      [...actionsOn('Cart', 'GetItem', 'PutItem'), ...actionsOnRecords(), ...ownLog('AddToCart')].sort(),
    );
  });

  test('of charge-orders are one request to its charges, the records, its queue, and its own log', () => {
    const queue = attributeArn(idOf('AWS::SQS::Queue', 'OrdersQueue'));
    expect(permissionsOfRole('ChargeOrders')).toEqual(
      [
        ...actionsOn('Charges', 'UpdateItem'),
        ...actionsOnRecords(),
        ...ownLog('ChargeOrders'),
        `sqs:DeleteMessage on ${queue}`,
        `sqs:GetQueueAttributes on ${queue}`,
        `sqs:ReceiveMessage on ${queue}`,
      ].sort(),
    );
  });

  test.each(['HoldSeat', 'BookSeat'])(
    'of %s are one write to the seats, the records, and its own log',
    (name) => {
      expect(permissionsOfRole(`SeatSale${name}`)).toEqual(
        [...actionsOn('Seats', 'UpdateItem'), ...actionsOnRecords(), ...ownLog(`SeatSale${name}`)].sort(),
      );
    },
  );

  test.each([
    ['list-cart', 'ListCart', 'Cart'],
    ['list-seats', 'SeatSaleListSeats', 'Seats'],
  ])('of %s are to query its table, and its own log', (_, name, table) => {
    expect(permissionsOfRole(name)).toEqual([...actionsOn(table, 'Query'), ...ownLog(name)]);
  });

  test('of others are none: six roles, six policies, and invocation by this API alone', () => {
    template.resourceCountIs('AWS::IAM::Role', 6);
    template.resourceCountIs('AWS::IAM::Policy', 6);
    template.resourceCountIs('AWS::Lambda::Permission', 5);
    template.allResourcesProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: {
        'Fn::Join': ['', Match.arrayWith([{ Ref: idOf('AWS::ApiGatewayV2::Api', 'ApiHttpApi') }])],
      },
    });
  });
});

describe('the queue of orders', () => {
  const queueOf = (beginning: string) =>
    template.findResources('AWS::SQS::Queue')[idOf('AWS::SQS::Queue', beginning)]?.['Properties'];
  const functionOf = (name: string) =>
    template.findResources('AWS::Lambda::Function')[idOf('AWS::Lambda::Function', name)]?.['Properties'];

  test('hides a message for six times as long as the consumer may take, and outlives its lease', () => {
    expect(queueOf('OrdersQueue').VisibilityTimeout).toBe(functionOf('ChargeOrders').Timeout * 6);
    const leaseMarginSeconds = DEFAULTS.clockSkewMs / 1000;
    expect(queueOf('OrdersQueue').VisibilityTimeout).toBeGreaterThan(
      functionOf('ChargeOrders').Timeout + leaseMarginSeconds,
    );
  });

  test('puts a message aside after five deliveries, for two weeks', () => {
    expect(queueOf('OrdersQueue').RedrivePolicy).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [idOf('AWS::SQS::Queue', 'OrdersDeadLetterQueue'), 'Arn'] },
      maxReceiveCount: 5,
    });
    expect(queueOf('OrdersDeadLetterQueue').MessageRetentionPeriod).toBe(14 * DAY_SECONDS);
  });

  test('keeps messages, here and there, for no longer than the records of their twins are kept', () => {
    const kept = ['OrdersQueue', 'OrdersDeadLetterQueue'].map((name) => queueOf(name).MessageRetentionPeriod);
    expect(kept[0] + kept[1]).toBeLessThanOrEqual(RETENTION_SECONDS);
  });

  test('sends its consumer batches, and is told which messages of a batch failed', () => {
    template.resourceCountIs('AWS::Lambda::EventSourceMapping', 1);
    template.hasResource('AWS::Lambda::EventSourceMapping', {
      Properties: {
        EventSourceArn: { 'Fn::GetAtt': [idOf('AWS::SQS::Queue', 'OrdersQueue'), 'Arn'] },
        FunctionName: { Ref: idOf('AWS::Lambda::Function', 'ChargeOrders') },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        BatchSize: 10,
        ScalingConfig: { MaximumConcurrency: 10 },
      },
      // Lambda refuses the mapping where the role may not poll yet.
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^ChargeOrdersRoleDefaultPolicy')]),
    });
  });

  test('encrypts messages, refuses them in plain text, and outlives the stack', () => {
    template.resourceCountIs('AWS::SQS::Queue', 2);
    template.allResources('AWS::SQS::Queue', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({ SqsManagedSseEnabled: true }),
    });
    template.resourceCountIs('AWS::SQS::QueuePolicy', 2);
    template.allResourcesProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: Match.objectLike({
        Statement: [
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ],
      }),
    });
  });

  test('is named in the outputs, as is the one for what could not be done', () => {
    template.hasOutput('OrderQueueUrl', { Value: { Ref: idOf('AWS::SQS::Queue', 'OrdersQueue') } });
    template.hasOutput('DeadLetterQueueUrl', {
      Value: { Ref: idOf('AWS::SQS::Queue', 'OrdersDeadLetterQueue') },
    });
  });
});

describe('the API', () => {
  test.each([
    ['POST /cart/items', 'AddToCart'],
    ['GET /cart/{cartId}', 'ListCart'],
    ['POST /shows/{showId}/seats/{seatId}/holds', 'SeatSaleHoldSeat'],
    ['POST /shows/{showId}/seats/{seatId}/bookings', 'SeatSaleBookSeat'],
    ['GET /shows/{showId}/seats', 'SeatSaleListSeats'],
  ])('sends %s to %s, as an event of format 2.0', (routeKey, functionName) => {
    const [route] = Object.values(
      template.findResources('AWS::ApiGatewayV2::Route', { Properties: { RouteKey: routeKey } }),
    );
    const integrationId: string = route?.['Properties'].Target['Fn::Join'][1][1].Ref;
    expect(
      template.findResources('AWS::ApiGatewayV2::Integration')[integrationId]?.['Properties'],
    ).toMatchObject({
      IntegrationType: 'AWS_PROXY',
      PayloadFormatVersion: '2.0',
      IntegrationUri: { 'Fn::GetAtt': [idOf('AWS::Lambda::Function', functionName), 'Arn'] },
    });
  });

  test('has these five routes and one throttled stage', () => {
    template.resourceCountIs('AWS::ApiGatewayV2::Route', 5);
    template.resourceCountIs('AWS::ApiGatewayV2::Stage', 1);
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
    });
  });

  test('logs request id and status of each request, but no header, path, query, address or claim', () => {
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const format: string = stage?.['Properties'].AccessLogSettings.Format;
    expect(JSON.parse(format)).toMatchObject({ requestId: '$context.requestId', status: '$context.status' });
    expect(format).not.toMatch(/header|\$context\.path|query|identity|authorizer/i);
    expect(stage?.['Properties'].AccessLogSettings.DestinationArn).toEqual({
      'Fn::GetAtt': [idOf('AWS::Logs::LogGroup', 'ApiAccessLog'), 'Arn'],
    });
  });

  test('asks every route for the authorizer that it is given', () => {
    const guarded = Template.fromStack(newStack({ authorizer: new HttpIamAuthorizer() }));
    guarded.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'AWS_IAM' });
  });

  test('is named, with the tables, in the outputs', () => {
    template.hasOutput('ApiUrl', {
      Value: { 'Fn::GetAtt': [idOf('AWS::ApiGatewayV2::Api', 'ApiHttpApi'), 'ApiEndpoint'] },
    });
    template.hasOutput('IdempotencyTableName', {
      Value: { Ref: idOf('AWS::DynamoDB::GlobalTable', 'IdempotencyTable') },
    });
    template.hasOutput('CartTableName', { Value: { Ref: idOf('AWS::DynamoDB::GlobalTable', 'Cart') } });
    template.hasOutput('SeatsTableName', { Value: { Ref: idOf('AWS::DynamoDB::GlobalTable', 'Seats') } });
  });
});

describe('add-to-cart is watched', () => {
  test('by an alarm for each cause, by what its function emits', () => {
    template.resourceCountIs('AWS::CloudWatch::Alarm', 8);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: METRICS_NAMESPACE,
      MetricName: 'IdempotencyCompletionFailed',
      Dimensions: [{ Name: 'service', Value: environmentServiceName() }],
    });
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  });

  function environmentServiceName(): string {
    const id = idOf('AWS::Lambda::Function', 'AddToCart');
    const made = template.findResources('AWS::Lambda::Function')[id];
    return made?.['Properties'].Environment.Variables.POWERTOOLS_SERVICE_NAME;
  }
});

describe('the AwsSolutions rules of cdk-nag', () => {
  const findings = (subject: AddToCartStack): string[] =>
    new AwsSolutionsChecks(subject, { verbose: true })
      .validateScope(subject)
      .violations.map(({ ruleName, violatingResources }) =>
        [ruleName, ...violatingResources.map((resource) => resource.constructPath)].join(' '),
      );

  test('find nothing in the sample', () => {
    expect(findings(stack)).toEqual([]);
  });

  test('find nothing, with nothing acknowledged, once the API has an authorizer', () => {
    const guarded = newStack({ authorizer: new HttpIamAuthorizer() });
    const acknowledged = guarded.node
      .findAll()
      .flatMap((construct) =>
        construct.node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY),
      );
    expect(acknowledged).toEqual([]);
    expect(findings(guarded)).toEqual([]);
  });
});
