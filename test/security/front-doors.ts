/** A request with a key through every front door, with members of the event replaced at will. */
import { albEvent, albMultiValueEvent, httpApiEvent, restApiEvent } from '../unit/http/front-door-events.ts';

export type Members = Readonly<Record<string, unknown>>;
export type FrontDoor = (typeof FRONT_DOORS)[number][0];

export const KEY = '8e03978e-40d5-43e8-bc93-6894a57f9324';

export const FRONT_DOORS = [
  ['rest-api', (members: Members) => restApiEvent({ ...bothHeaders({}), body: '{}', ...members })],
  ['http-api, format 1.0', (members: Members) => formatOneEvent({ ...bothHeaders({}), ...members })],
  ['http-api', (members: Members) => httpApiEvent({ ...singleHeaders({}), body: '{}', ...members })],
  ['function-url', (members: Members) => functionUrlEvent({ ...singleHeaders({}), ...members })],
  ['alb', (members: Members) => albEvent({ ...singleHeaders({}), body: '{}', ...members })],
  [
    'alb-multi-value',
    (members: Members) => albMultiValueEvent({ ...multipleHeaders({}), body: '{}', ...members }),
  ],
] as const;

const withKey = (headers: Members): Members => ({
  'content-type': 'application/json',
  'idempotency-key': KEY,
  ...headers,
});
export const singleHeaders = (headers: Members): Members => ({ headers: withKey(headers) });
export const multipleHeaders = (headers: Members): Members => ({
  multiValueHeaders: Object.fromEntries(
    Object.entries(withKey(headers)).map(([name, value]) => [name, [value]]),
  ),
});
const bothHeaders = (headers: Members): Members => ({
  ...singleHeaders(headers),
  ...multipleHeaders(headers),
});

/** The members that carry the headers at that front door. */
export function headersOf(frontDoor: FrontDoor, headers: Members): Members {
  switch (frontDoor) {
    case 'rest-api':
    case 'http-api, format 1.0':
      return bothHeaders(headers);
    case 'alb-multi-value':
      return multipleHeaders(headers);
    case 'http-api':
    case 'function-url':
    case 'alb':
      return singleHeaders(headers);
  }
}

/** An HTTP API that is set to payload format 1.0 sends what a REST API does, and some more. */
function formatOneEvent(members: Members): Members {
  return restApiEvent({
    version: '1.0',
    requestContext: {
      stage: '$default',
      httpMethod: 'POST',
      authorizer: { claims: null, scopes: null },
      identity: { cognitoIdentityId: null, user: null, userArn: null },
    },
    body: '{}',
    ...members,
  });
}

function functionUrlEvent(members: Members): Members {
  return httpApiEvent({
    routeKey: '$default',
    requestContext: {
      accountId: 'anonymous',
      apiId: 'url-id',
      authentication: null,
      domainName: 'url-id.lambda-url.eu-west-1.on.aws',
      http: { method: 'POST', path: '/cart/items', protocol: 'HTTP/1.1' },
      stage: '$default',
    },
    body: '{}',
    ...members,
  });
}
