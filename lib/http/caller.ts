import { ConfigurationError } from '../idempotency/errors.ts';
import type { FrontDoor } from './http-request.ts';
import { isRecord, nonEmptyString, ownEntries, ownProperty } from './own-property.ts';

/**
 * Who calls, as the front door's authorizer tells, in a string that no two callers share: a JSON array of the
 * kind of identity and its parts. It is part of the scope of a key, so it must differ between tenants and must
 * not differ between a request and its retry. That rules out everything that belongs to one session: access
 * keys, token ids, issue times, session names.
 *
 * | order | identity | parts |
 * |---|---|---|
 * | 1 | JWT or Cognito authorizer | issuer and `sub`; `client_id` where a client-credentials token has no `sub` |
 * | 2 | Lambda authorizer | `principalId`, else `sub`, else `userId` of its context |
 * | 3 | IAM | Cognito identity id, else the unique id of the user or role |
 * | 4 | API key | its id, never its value |
 * | 5 | mutual TLS | issuer and subject of the client certificate (a renewed one keeps both) |
 * | 6 | ALB with OIDC or Cognito | `x-amzn-oidc-identity` |
 *
 * A Lambda authorizer that gives every caller the same `principalId` puts them into one scope: give the `caller`
 * option then. The OIDC header is believed on load balancers only, where the listener sets it; elsewhere a
 * client could send it, and so it can through a listener rule that forwards without authenticating.
 *
 * @returns `undefined` for anonymous requests.
 * @throws ConfigurationError where an authorizer ran but names nobody that this function knows how to read.
 */
export function callerOf(
  frontDoor: FrontDoor,
  requestContext: unknown,
  headerValues: (name: string) => readonly string[],
): string | undefined {
  switch (frontDoor) {
    case 'rest-api': {
      const identity = ownProperty(requestContext, 'identity');
      return (
        callerOfFormat1Authorizer(ownProperty(requestContext, 'authorizer')) ??
        cognitoIdentity(ownProperty(identity, 'cognitoIdentityId')) ??
        iamPrincipal(
          ownProperty(identity, 'user'),
          ownProperty(identity, 'caller'),
          ownProperty(identity, 'userArn'),
        ) ??
        identityOf('api-key', ownProperty(identity, 'apiKeyId')) ??
        clientCertificate(ownProperty(identity, 'clientCert'))
      );
    }
    case 'http-api':
      return (
        callerOfFormat2Authorizer(ownProperty(requestContext, 'authorizer')) ??
        clientCertificate(ownProperty(ownProperty(requestContext, 'authentication'), 'clientCert'))
      );
    case 'alb':
    case 'alb-multi-value':
      return oidcIdentity(headerValues('x-amzn-oidc-identity'));
  }
}

/** The listener sends one. Where there are two, the client has sent the other, and which is whose is a guess. */
function oidcIdentity(values: readonly string[]): string | undefined {
  if (values.length > 1) return unknownCaller('The load balancer, whose x-amzn-oidc-identity came twice,');
  return identityOf('alb-oidc', values[0]);
}

/** Payload format 1.0 puts the context of a Lambda authorizer beside the claims of a Cognito or JWT authorizer. */
function callerOfFormat1Authorizer(authorizer: unknown): string | undefined {
  const claims = ownProperty(authorizer, 'claims');
  if (isRecord(claims)) return jwtCaller(claims);
  return saysAnything(authorizer) ? lambdaAuthorizerCaller(authorizer) : undefined;
}

/** Payload format 2.0 says by a member of its own which kind of authorizer ran. */
function callerOfFormat2Authorizer(authorizer: unknown): string | undefined {
  const jwt = ownProperty(authorizer, 'jwt');
  if (isRecord(jwt)) return jwtCaller(ownProperty(jwt, 'claims'));
  const iam = ownProperty(authorizer, 'iam');
  if (isRecord(iam)) {
    return (
      cognitoIdentity(ownProperty(ownProperty(iam, 'cognitoIdentity'), 'identityId')) ??
      iamPrincipal(ownProperty(iam, 'userId'), ownProperty(iam, 'callerId'), ownProperty(iam, 'userArn')) ??
      unknownCaller('The IAM authorizer')
    );
  }
  // The member alone tells that a Lambda authorizer ran, even if its context is empty or null.
  const lambda = ownProperty(authorizer, 'lambda');
  if (lambda !== undefined) return lambdaAuthorizerCaller(lambda);
  return saysAnything(authorizer) ? unknownCaller('The authorizer, which is of an unknown kind,') : undefined;
}

/**
 * False for what stands in the place of an authorizer that did not run: HTTP APIs send
 * `{ claims: null, scopes: null }` in payload format 1.0.
 */
function saysAnything(authorizer: unknown): boolean {
  return ownEntries(authorizer).some(
    ([name, value]) => value !== null && value !== undefined && name !== 'integrationLatency',
  );
}

function jwtCaller(claims: unknown): string {
  // `sub` is unique within its issuer only (RFC 7519 section 4.1.2).
  const issuer = nonEmptyString(ownProperty(claims, 'iss')) ?? '';
  const subject = identifier(ownProperty(claims, 'sub'));
  if (subject !== undefined) return JSON.stringify(['jwt', issuer, subject]);
  const client = identifier(ownProperty(claims, 'client_id'));
  if (client !== undefined) return JSON.stringify(['jwt-client', issuer, client]);
  return unknownCaller('The token, which has neither a sub nor a client_id claim,');
}

const LAMBDA_AUTHORIZER_MEMBERS = ['principalId', 'sub', 'userId'] as const;

function lambdaAuthorizerCaller(context: unknown): string {
  for (const member of LAMBDA_AUTHORIZER_MEMBERS) {
    const value = identifier(ownProperty(context, member));
    if (value !== undefined) return JSON.stringify(['lambda-authorizer', member, value]);
  }
  return unknownCaller(
    `The Lambda authorizer, whose context has none of ${LAMBDA_AUTHORIZER_MEMBERS.join(', ')},`,
  );
}

/** Two callers that cannot be told apart would share their keys, so nothing runs until somebody tells them apart. */
function unknownCaller(who: string): never {
  throw new ConfigurationError(
    `${who} does not say who calls, and callers must not share idempotency keys. Give the \`caller\` option: a function that returns a string of its own for each caller.`,
  );
}

function cognitoIdentity(identityId: unknown): string | undefined {
  return identityOf('cognito-identity', identityId);
}

/**
 * The unique id (`AIDA...`, `AROA...`) of the user or role that signed the request. For a role, AWS appends the
 * session name (`AROAEXAMPLE:session`), as it does to its ARN. SDKs and container platforms make up a new
 * session name when they renew their credentials or restart, which is just when requests are retried; so the
 * role is the caller, as it is in IAM policies. Where tenants share one role and differ by session, give the
 * `caller` option. Federated users (`123456789012:name`) keep their name: before it stands only the account.
 */
function iamPrincipal(userId: unknown, callerId: unknown, userArn: unknown): string | undefined {
  const uniqueId = nonEmptyString(userId) ?? nonEmptyString(callerId);
  if (uniqueId !== undefined) return identityOf('iam', uniqueId.replace(/^(AROA[^:]*):.*$/s, '$1'));
  const arn = nonEmptyString(userArn);
  return identityOf('iam-arn', arn?.replace(/^([^/]*:assumed-role\/.*)\/[^/]*$/s, '$1'));
}

function clientCertificate(certificate: unknown): string | undefined {
  const subject = nonEmptyString(ownProperty(certificate, 'subjectDN'));
  if (subject === undefined) return undefined;
  return JSON.stringify([
    'client-certificate',
    nonEmptyString(ownProperty(certificate, 'issuerDN')) ?? '',
    subject,
  ]);
}

function identityOf(kind: string, value: unknown): string | undefined {
  const id = nonEmptyString(value);
  return id === undefined ? undefined : JSON.stringify([kind, id]);
}

/** Contexts of Lambda authorizers may hold numbers. */
function identifier(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : nonEmptyString(value);
}
