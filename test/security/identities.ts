import { albEvent, albMultiValueEvent, httpApiEvent, restApiEvent } from '../unit/http/front-door-events.ts';

export type Tenant = 'ada' | 'bob';

export interface RequestParts {
  readonly key: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One way in which a front door tells who calls; `event` is the same request, but for who sends it. */
export interface Identity {
  readonly name: string;
  event(tenant: Tenant, request: RequestParts): unknown;
}

const CONTENT_TYPE = { 'content-type': 'application/json' };

/** Events of a front door with nothing in them that tells who calls. */
export const ANONYMOUS: Readonly<Record<string, (request: RequestParts) => unknown>> = {
  'rest-api': (request) => restApi({}, request),
  'http-api': (request) => httpApi({}, request),
  alb: (request) => alb({}, request),
  'alb-multi-value': (request) => albMultiValue({}, request),
};

/** Every identity that the library reads, of every front door. */
export const IDENTITIES: readonly Identity[] = [
  rest('Cognito or JWT authorizer', (tenant) => ({
    authorizer: { claims: { iss: 'https://issuer', sub: tenant } },
  })),
  rest('Lambda authorizer, principalId', (tenant) => ({ authorizer: { principalId: tenant } })),
  rest('Lambda authorizer, sub', (tenant) => ({ authorizer: { sub: tenant } })),
  rest('Cognito identity', (tenant) => ({ identity: { cognitoIdentityId: `eu-west-1:${tenant}` } })),
  rest('IAM user', (tenant) => ({ identity: { user: `AIDA${tenant}` } })),
  rest('IAM role', (tenant) => ({ identity: { caller: `AROA${tenant}:session` } })),
  rest('IAM, nothing but an ARN', (tenant) => ({ identity: { userArn: `arn:aws:iam::1:user/${tenant}` } })),
  rest('API key', (tenant) => ({ identity: { apiKeyId: tenant } })),
  rest('client certificate', (tenant) => ({
    identity: { clientCert: { issuerDN: 'CN=ca', subjectDN: `CN=${tenant}` } },
  })),
  http('JWT, sub', (tenant) => ({ authorizer: { jwt: { claims: { iss: 'https://issuer', sub: tenant } } } })),
  http('JWT, the same sub of two issuers', (tenant) => ({
    authorizer: { jwt: { claims: { iss: `https://${tenant}`, sub: '1' } } },
  })),
  http('JWT, client credentials', (tenant) => ({
    authorizer: { jwt: { claims: { iss: 'https://issuer', client_id: tenant } } },
  })),
  http('Cognito identity', (tenant) => ({
    authorizer: { iam: { userId: 'AROASHARED:x', cognitoIdentity: { identityId: `eu-west-1:${tenant}` } } },
  })),
  http('IAM user', (tenant) => ({ authorizer: { iam: { userId: `AIDA${tenant}` } } })),
  http('IAM role', (tenant) => ({ authorizer: { iam: { userId: `AROA${tenant}:session` } } })),
  http('Lambda authorizer, principalId', (tenant) => ({ authorizer: { lambda: { principalId: tenant } } })),
  http('Lambda authorizer, sub', (tenant) => ({ authorizer: { lambda: { sub: tenant } } })),
  http('Lambda authorizer, a number', (tenant) => ({
    authorizer: { lambda: { userId: tenant === 'ada' ? 1 : 2 } },
  })),
  http('client certificate', (tenant) => ({
    authentication: { clientCert: { issuerDN: 'CN=ca', subjectDN: `CN=${tenant}` } },
  })),
  { name: 'alb: OIDC', event: (tenant, request) => alb({ 'x-amzn-oidc-identity': tenant }, request) },
  {
    name: 'alb-multi-value: OIDC',
    event: (tenant, request) => albMultiValue({ 'x-amzn-oidc-identity': tenant }, request),
  },
];

function rest(name: string, contextOf: (tenant: Tenant) => object): Identity {
  return { name: `rest-api: ${name}`, event: (tenant, request) => restApi(contextOf(tenant), request) };
}

function http(name: string, contextOf: (tenant: Tenant) => object): Identity {
  return { name: `http-api: ${name}`, event: (tenant, request) => httpApi(contextOf(tenant), request) };
}

function restApi(context: object, request: RequestParts): unknown {
  const headers = headersOf({}, request);
  return restApiEvent({
    headers,
    multiValueHeaders: multiple(headers),
    requestContext: { stage: 'prod', httpMethod: 'POST', ...context },
    body: request.body ?? '{}',
  });
}

/** Function URLs send the same. */
export function httpApi(context: object, request: RequestParts): unknown {
  return httpApiEvent({
    headers: headersOf({}, request),
    requestContext: { stage: '$default', http: { method: 'POST', path: '/cart/items' }, ...context },
    body: request.body ?? '{}',
  });
}

function alb(oidc: Readonly<Record<string, string>>, request: RequestParts): unknown {
  return albEvent({ headers: headersOf(oidc, request), body: request.body ?? '{}' });
}

function albMultiValue(oidc: Readonly<Record<string, string>>, request: RequestParts): unknown {
  return albMultiValueEvent({
    multiValueHeaders: multiple(headersOf(oidc, request)),
    body: request.body ?? '{}',
  });
}

function headersOf(
  oidc: Readonly<Record<string, string>>,
  { key, headers }: RequestParts,
): Readonly<Record<string, string>> {
  return { ...CONTENT_TYPE, 'idempotency-key': key, ...headers, ...oidc };
}

function multiple(headers: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}
