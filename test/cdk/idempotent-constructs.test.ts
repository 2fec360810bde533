import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  IdempotencyTable,
  IdempotentFunction,
  type IdempotentFunctionProps,
  IdempotentHttpApi,
  type IdempotentHttpApiProps,
  IdempotentRestApi,
} from '../../lib/cdk/index.ts';
import { PROBLEM_TYPES } from '../../lib/http/problem-type.ts';
import { DEFAULTS } from '../../lib/idempotency/options.ts';
import { featureFlags } from './feature-flags.ts';
import { permissionsOf } from './iam-permissions.ts';

// The first template loads most of CDK: 2 s on an idle machine, several times that on a busy one.
jest.setTimeout(60_000);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'idempotency-constructs-'));
  folders.push(folder);
  return folder;
}

function newStack(): Stack {
  // Bundling is left out here, for it does not change the template.
  const context = { ...featureFlags(), 'aws:cdk:bundling-stacks': [] };
  return new Stack(new App({ context, analyticsReporting: false }), 'Test');
}

function newFunction(stack: Stack, props: Partial<IdempotentFunctionProps> = {}): IdempotentFunction {
  const idempotencyTable = new IdempotencyTable(stack, 'Idempotency');
  const entry = 'functions/add-to-cart/handler.ts';
  return new IdempotentFunction(stack, 'PlaceOrder', { entry, idempotencyTable, ...props });
}

/** Everything that is named is part of the interface: a changed id replaces the resource in an account. */
function logicalIds(template: Template): string[] {
  const { Resources } = template.toJSON() as { Resources: Record<string, { Type: string }> };
  return Object.entries(Resources)
    .map(([id, { Type }]) => `${Type} ${id}`)
    .sort();
}

const findings = (subject: Stack): string[] =>
  new AwsSolutionsChecks(subject, { verbose: true })
    .validateScope(subject)
    .violations.map(({ ruleName, violatingResources }) =>
      [ruleName, ...violatingResources.map((resource) => resource.constructPath)].join(' '),
    );

describe('IdempotentFunction', () => {
  test('can be a CommonJS module, which starts sooner from Node 22 on (docs/performance.md)', () => {
    const app = new App({ context: featureFlags(), analyticsReporting: false, outdir: temporaryFolder() });
    newFunction(new Stack(app, 'Test'), { bundling: { format: OutputFormat.CJS } });
    const { directory } = app.synth();
    const [asset = ''] = readdirSync(directory).filter((name) =>
      existsSync(join(directory, name, 'index.js')),
    );
    const bundle = join(directory, asset, 'index.js');
    const env = { ...process.env, IDEMPOTENCY_TABLE: 't', CART_TABLE: 'c', AWS_REGION: 'eu-west-1' };
    const kind = 'process.stdout.write(typeof require(process.argv[1]).handler)';
    expect(execFileSync(process.execPath, ['-e', kind, bundle], { env, encoding: 'utf8' })).toBe('function');
  });

  test('is told the table, and may do the requests of the store and write to its own log', () => {
    const stack = newStack();
    newFunction(stack);
    const template = Template.fromStack(stack);
    const [tableId = ''] = Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'));
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 10,
      Environment: { Variables: { IDEMPOTENCY_TABLE: { Ref: tableId } } },
    });
    const [roleId = ''] = Object.keys(template.findResources('AWS::IAM::Role'));
    const actions = permissionsOf(template, roleId).map((line) => line.split(' on ')[0]);
    expect(actions).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ]);
    expect(findings(stack)).toEqual([]);
  });

  test('leaves every property of a NodejsFunction to its user', () => {
    const stack = newStack();
    newFunction(stack, {
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.X86_64,
      memorySize: 1024,
      environment: { NODE_OPTIONS: '--no-warnings', STAGE: 'test' },
      environmentVariable: 'ORDERS_RECORDS',
    });
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs22.x',
      Architectures: ['x86_64'],
      MemorySize: 1024,
      Environment: {
        Variables: {
          NODE_OPTIONS: '--no-warnings',
          STAGE: 'test',
          ORDERS_RECORDS: Match.anyValue(),
          IDEMPOTENCY_TABLE: Match.absent(),
        },
      },
    });
  });

  test('gets the requests of locks where it asks for them', () => {
    const stack = newStack();
    newFunction(stack, { locks: true });
    expect(JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'))).toContain('lock:*');
  });

  test('keeps its logical ids', () => {
    const stack = newStack();
    newFunction(stack);
    expect(logicalIds(Template.fromStack(stack))).toMatchSnapshot();
  });
});

function httpApi(props: IdempotentHttpApiProps = {}): { stack: Stack; template: Template } {
  const stack = newStack();
  const handler = newFunction(stack);
  const routes = [{ method: HttpMethod.POST, path: '/orders', handler }];
  new IdempotentHttpApi(stack, 'Api', { routes, ...props });
  return { stack, template: Template.fromStack(stack) };
}

describe('IdempotentHttpApi', () => {
  test('lets pages of the origins named send a key and read what the answers carry', () => {
    httpApi({
      cors: { allowOrigins: ['https://shop.example'], exposeHeaders: ['ETag'] },
    }).template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: {
        AllowOrigins: ['https://shop.example'],
        AllowHeaders: Match.arrayWith([DEFAULTS.keyHeader]),
        ExposeHeaders: ['Idempotent-Replayed', 'Retry-After', 'Link', 'Location', 'ETag'],
        AllowCredentials: false,
        MaxAge: 3600,
      },
    });
    httpApi().template.hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  });

  test('refuses a CORS that browsers would refuse', () => {
    expect(() => httpApi({ cors: { allowOrigins: ['*'], allowCredentials: true } })).toThrow(/by name/);
    expect(() => httpApi({ cors: { allowOrigins: [] } })).toThrow(/allowOrigins/);
  });

  test('has a throttle, and an access log with request id and outcome and without any header', () => {
    const { template } = httpApi({ throttle: { rateLimit: 5, burstLimit: 7 } });
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 7 },
    });
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const format: string = stage?.['Properties'].AccessLogSettings.Format;
    expect(JSON.parse(format)).toMatchObject({ requestId: '$context.requestId', status: '$context.status' });
    expect(format).not.toMatch(/header|\$context\.path|query|identity|authorizer/i);
  });

  test('asks every route for a token of the issuer', () => {
    const { stack, template } = httpApi({
      jwt: { issuer: 'https://issuer.example', audience: ['orders'] },
    });
    template.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'JWT' });
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      JwtConfiguration: { Issuer: 'https://issuer.example', Audience: ['orders'] },
    });
    expect(findings(stack)).toEqual([]);
  });

  test('takes one kind of authorizer', () => {
    const jwt = { issuer: 'https://issuer.example', audience: ['orders'] };
    expect(() => httpApi({ jwt, authorizer: new HttpIamAuthorizer() })).toThrow(/one of them/);
    expect(() => httpApi({ jwt: { ...jwt, audience: [] } })).toThrow(/audience/);
  });

  test('keeps its logical ids', () => {
    const jwt = { issuer: 'https://issuer.example', audience: ['orders'] };
    expect(logicalIds(httpApi({ jwt }).template)).toMatchSnapshot();
  });
});

describe('IdempotentRestApi', () => {
  function restApi() {
    const stack = newStack();
    const handler = newFunction(stack);
    const api = new IdempotentRestApi(stack, 'Api', {
      routes: [
        { method: 'POST', path: '/orders', handler },
        { method: 'GET', path: '/orders', handler },
      ],
    });
    return { stack, api, template: Template.fromStack(stack) };
  }

  test('refuses a POST without a key by its validator, and lets a GET pass', () => {
    const { template } = restApi();
    template.hasResourceProperties('AWS::ApiGateway::RequestValidator', { ValidateRequestParameters: true });
    for (const [method, isRequired] of [
      ['POST', true],
      ['GET', false],
    ] as const) {
      template.hasResourceProperties('AWS::ApiGateway::Method', {
        HttpMethod: method,
        RequestParameters: { 'method.request.header.Idempotency-Key': isRequired },
        RequestValidatorId: Match.anyValue(),
      });
    }
  });

  test('answers with the problem that the middleware would have answered with', () => {
    const [response] = Object.values(restApi().template.findResources('AWS::ApiGateway::GatewayResponse'));
    expect(response?.['Properties']).toMatchObject({
      ResponseType: 'BAD_REQUEST_PARAMETERS',
      StatusCode: '400',
    });
    const body = response?.['Properties'].ResponseTemplates['application/json'];
    expect(JSON.parse(body)).toMatchObject({
      ...PROBLEM_TYPES.KEY_MISSING,
      status: 400,
      code: 'KEY_MISSING',
    });
  });

  test('has a throttle, and logs without any header or data', () => {
    const { template } = restApi();
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      MethodSettings: [
        Match.objectLike({
          ThrottlingRateLimit: 100,
          ThrottlingBurstLimit: 200,
          DataTraceEnabled: false,
          LoggingLevel: 'ERROR',
        }),
      ],
    });
    const [stage] = Object.values(template.findResources('AWS::ApiGateway::Stage'));
    expect(stage?.['Properties'].AccessLogSetting.Format).not.toMatch(
      /header|\$context\.path|query|identity|authorizer/i,
    );
  });

  test('leaves to its user what is a choice: authorizer, and a firewall', () => {
    const { stack, api } = restApi();
    const rules = new Set(findings(stack).map((finding) => finding.split(' ')[0]));
    expect([...rules].sort()).toEqual(['AwsSolutions-APIG3', 'AwsSolutions-APIG4', 'AwsSolutions-COG4']);
    for (const construct of [api.api.deploymentStage, ...api.methods]) {
      for (const id of rules)
        Validations.of(construct).acknowledge({ id: String(id), reason: 'for this test' });
    }
    expect(findings(stack)).toEqual([]);
  });

  test('keeps its logical ids', () => {
    // The deployment's id carries a hash of what it deploys, on purpose: a change of it makes a new deployment.
    const ids = logicalIds(restApi().template).map((line) =>
      line.replace(/(Deployment\w*?)[0-9a-f]{32}$/, '$1<hash>'),
    );
    expect(ids).toMatchSnapshot();
  });
});
