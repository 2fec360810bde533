import { describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '../../../lib/idempotency/errors.ts';
import { albEvent, albMultiValueEvent, httpApiEvent, requestOf, restApiEvent } from './front-door-events.ts';

const restCaller = (requestContext: unknown): string | undefined =>
  requestOf(restApiEvent({ requestContext })).caller();

const httpCaller = (authorizer: unknown, members: object = {}): string | undefined =>
  requestOf(
    httpApiEvent({ requestContext: { http: { method: 'POST', path: '/' }, authorizer, ...members } }),
  ).caller();

const ROLE = { userId: 'AROAEXAMPLE:session-1', callerId: 'AROAEXAMPLE:session-1' };

describe('REST API (format 1.0)', () => {
  test.each([
    ['a Cognito authorizer', { authorizer: { claims: { iss: 'i', sub: 's', exp: '1' } } }, ['jwt', 'i', 's']],
    [
      'a Lambda authorizer',
      { authorizer: { principalId: 'p', integrationLatency: 7 } },
      ['lambda-authorizer', 'principalId', 'p'],
    ],
    [
      'a Cognito identity',
      { identity: { cognitoIdentityId: 'eu-west-1:1', userArn: 'arn' } },
      ['cognito-identity', 'eu-west-1:1'],
    ],
    ['an IAM user', { identity: { user: 'AIDAEXAMPLE', userArn: 'arn' } }, ['iam', 'AIDAEXAMPLE']],
    [
      'an IAM role',
      { identity: { user: 'AROAEXAMPLE:session', caller: 'AROAEXAMPLE:session' } },
      ['iam', 'AROAEXAMPLE'],
    ],
    [
      'an IAM caller without a user',
      { identity: { user: null, caller: 'AROAEXAMPLE:s' } },
      ['iam', 'AROAEXAMPLE'],
    ],
    ['a federated user', { identity: { user: '123456789012:ada' } }, ['iam', '123456789012:ada']],
    ['an API key', { identity: { apiKeyId: 'k', apiKey: 'secret' } }, ['api-key', 'k']],
    [
      'a client certificate',
      { identity: { clientCert: { issuerDN: 'CN=ca', subjectDN: 'CN=ada', serialNumber: '1' } } },
      ['client-certificate', 'CN=ca', 'CN=ada'],
    ],
  ])('%s names the caller', (_name, requestContext, expected) => {
    expect(restCaller(requestContext)).toBe(JSON.stringify(expected));
  });

  test('a client certificate without an issuer still has its subject', () => {
    const identity = { clientCert: { subjectDN: 'CN=ada' } };
    expect(restCaller({ identity })).toBe('["client-certificate","","CN=ada"]');
  });

  test('an authorizer wins over IAM, and IAM over an API key', () => {
    const identity = { user: 'AIDAEXAMPLE', apiKeyId: 'k' };
    expect(restCaller({ identity, authorizer: { principalId: 'p' } })).toContain('principalId');
    expect(restCaller({ identity })).toContain('AIDAEXAMPLE');
  });

  test.each([
    ['no request context', undefined],
    ['no authorizer', { authorizer: null, identity: null }],
    ['an empty authorizer', { authorizer: {}, identity: {} }],
    ['the nulls of an HTTP API in format 1.0', { authorizer: { claims: null, scopes: null } }],
    ['nothing but a latency', { authorizer: { integrationLatency: 3 } }],
    [
      'empty identities',
      { identity: { cognitoIdentityId: '', user: '', userArn: '', apiKeyId: '', clientCert: null } },
    ],
  ])('%s is an anonymous caller', (_name, requestContext) => {
    expect(restCaller(requestContext)).toBeUndefined();
  });

  test.each([
    ['arn:aws:sts::1:assumed-role/team/cart/session', 'arn:aws:sts::1:assumed-role/team/cart'],
    ['arn:aws:sts::1:assumed-role/cart/session', 'arn:aws:sts::1:assumed-role/cart'],
    ['arn:aws:iam::1:user/team/ada', 'arn:aws:iam::1:user/team/ada'],
  ])('where only an ARN is known, %s stands for %s', (userArn, expected) => {
    expect(restCaller({ identity: { userArn } })).toBe(JSON.stringify(['iam-arn', expected]));
  });
});

describe('HTTP API and function URL (format 2.0)', () => {
  test.each([
    ['a JWT', { jwt: { claims: { iss: 'i', sub: 's' }, scopes: null } }, ['jwt', 'i', 's']],
    [
      'a client-credentials token',
      { jwt: { claims: { iss: 'i', client_id: 'c' } } },
      ['jwt-client', 'i', 'c'],
    ],
    ['a token without an issuer', { jwt: { claims: { sub: 's' } } }, ['jwt', '', 's']],
    ['an IAM user', { iam: { userId: 'AIDAEXAMPLE', cognitoIdentity: null } }, ['iam', 'AIDAEXAMPLE']],
    [
      'a Cognito identity',
      { iam: { ...ROLE, cognitoIdentity: { identityId: 'eu-west-1:1' } } },
      ['cognito-identity', 'eu-west-1:1'],
    ],
    [
      'a Lambda authorizer with principalId',
      { lambda: { principalId: 'p', sub: 's' } },
      ['lambda-authorizer', 'principalId', 'p'],
    ],
    [
      'a Lambda authorizer with sub',
      { lambda: { sub: 's', userId: 'u' } },
      ['lambda-authorizer', 'sub', 's'],
    ],
    ['a Lambda authorizer with a number', { lambda: { userId: 42 } }, ['lambda-authorizer', 'userId', '42']],
  ])('%s names the caller', (_name, authorizer, expected) => {
    expect(httpCaller(authorizer)).toBe(JSON.stringify(expected));
  });

  test('a role is the same caller after its session was renewed', () => {
    const renewed = { userId: 'AROAEXAMPLE:session-2', callerId: 'AROAEXAMPLE:session-2' };
    expect(httpCaller({ iam: renewed })).toBe(httpCaller({ iam: ROLE }));
    expect(httpCaller({ iam: { userId: 'AROAOTHER:session-1' } })).not.toBe(httpCaller({ iam: ROLE }));
  });

  test('a client certificate names the caller where there is no authorizer', () => {
    const clientCert = { issuerDN: 'CN=ca', subjectDN: 'CN=ada' };
    expect(httpCaller(undefined, { authentication: { clientCert } })).toBe(
      '["client-certificate","CN=ca","CN=ada"]',
    );
  });

  test.each([undefined, null, {}])('%j for an authorizer is an anonymous caller', (authorizer) => {
    expect(httpCaller(authorizer)).toBeUndefined();
  });

  test('identities of different kinds, or cut differently, are different callers', () => {
    const callers = [
      httpCaller({ jwt: { claims: { iss: 'a', sub: 'b' } } }),
      httpCaller({ jwt: { claims: { iss: 'a', client_id: 'b' } } }),
      httpCaller({ jwt: { claims: { iss: 'a","b', sub: '', client_id: 'b' } } }),
      httpCaller({ jwt: { claims: { sub: 'a","b' } } }),
      httpCaller({ lambda: { sub: 'b' } }),
      httpCaller({ lambda: { userId: 'b' } }),
      httpCaller({ iam: { userId: 'b' } }),
    ];
    expect(new Set(callers).size).toBe(callers.length);
  });
});

describe('an authorizer that does not tell whom it let in', () => {
  test.each([
    ['a Lambda authorizer with a context of its own', () => httpCaller({ lambda: { tenant: 'acme' } })],
    ['a Lambda authorizer without a context', () => httpCaller({ lambda: null })],
    ['a token without sub and client_id', () => httpCaller({ jwt: { claims: { iss: 'i' } } })],
    ['a token without claims', () => httpCaller({ jwt: {} })],
    ['IAM without any id', () => httpCaller({ iam: {} })],
    ['an authorizer of a kind to come', () => httpCaller({ verifiedPermissions: { principal: 'p' } })],
    ['a REST authorizer without principalId', () => restCaller({ authorizer: { tenant: 'acme' } })],
    ['Cognito claims without sub', () => restCaller({ authorizer: { claims: {} } })],
  ])('%s is refused rather than merged with others', (_name, caller) => {
    expect(caller).toThrow(ConfigurationError);
    expect(caller).toThrow(/Give the `caller` option/);
    expect(caller).not.toThrow(/acme/);
  });

  test('is no obstacle until somebody asks for the caller', () => {
    const requestContext = { http: { method: 'POST', path: '/' }, authorizer: { lambda: {} } };
    expect(requestOf(httpApiEvent({ requestContext })).method).toBe('POST');
  });
});

describe('load balancer', () => {
  test('the OIDC identity that the listener sets names the caller', () => {
    const headers = { 'x-amzn-oidc-identity': 'ada' };
    expect(requestOf(albEvent({ headers })).caller()).toBe('["alb-oidc","ada"]');
    const multiValueHeaders = { 'X-Amzn-Oidc-Identity': ['ada'] };
    expect(requestOf(albMultiValueEvent({ multiValueHeaders })).caller()).toBe('["alb-oidc","ada"]');
    expect(requestOf(albEvent()).caller()).toBeUndefined();
  });

  test('the same header is not believed elsewhere, where a client can send it', () => {
    const headers = { 'x-amzn-oidc-identity': 'ada' };
    expect(requestOf(httpApiEvent({ headers })).caller()).toBeUndefined();
    expect(requestOf(restApiEvent({ headers, multiValueHeaders: null })).caller()).toBeUndefined();
  });
});
