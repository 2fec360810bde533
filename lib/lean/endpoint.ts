import { ConfigurationError } from '../idempotency/errors.ts';

/** Where DynamoDB listens. */
export interface Endpoint {
  readonly isTls: boolean;
  readonly hostname: string;
  readonly port: number;
  /** What goes into the header `Host`, and into the signature. */
  readonly host: string;
}

/**
 * The suffixes that the AWS SDK knows for these regions ("partitions"). Others have names of their own, some of which are
 * not public.
 */
const PARTITIONS: readonly (readonly [regions: RegExp, suffix: string])[] = [
  [/^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/, 'amazonaws.com'],
  [/^us-gov-\w+-\d+$/, 'amazonaws.com'],
  [/^cn-\w+-\d+$/, 'amazonaws.com.cn'],
];

/** @throws ConfigurationError if there is no region */
export function resolveRegion(given: string | undefined): string {
  const region = given ?? process.env['AWS_REGION'];
  if (typeof region !== 'string' || !/^[a-z0-9-]+$/.test(region)) {
    throw new ConfigurationError(
      'LeanDynamoDbStore needs a region, such as "eu-west-1": Lambda sets AWS_REGION; elsewhere set it, or give the option `region`.',
    );
  }
  return region;
}

/**
 * The option, or what the SDK reads from the environment, or the region's public endpoint.
 * @throws ConfigurationError if that is no endpoint, or if the one that is asked for is not known here
 */
export function resolveEndpoint(given: string | undefined, region: string): Endpoint {
  const configured = given ?? endpointOfEnvironment();
  return parseEndpoint(configured ?? `https://${publicHost(region)}`);
}

function endpointOfEnvironment(): string | undefined {
  if (process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  return process.env['AWS_ENDPOINT_URL_DYNAMODB'] || process.env['AWS_ENDPOINT_URL'] || undefined;
}

function publicHost(region: string): string {
  // To answer such a wish with the ordinary endpoint could break a rule that somebody has to keep.
  for (const name of ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT']) {
    if (process.env[name]?.toLowerCase() !== 'true') continue;
    throw new ConfigurationError(
      `${name} is set, and LeanDynamoDbStore does not know these endpoints. Give the option \`endpoint\` ("AWS service endpoints" in the AWS General Reference lists them).`,
    );
  }
  const suffix = PARTITIONS.find(([regions]) => regions.test(region))?.[1];
  if (suffix === undefined) {
    throw new ConfigurationError(
      `LeanDynamoDbStore does not know the endpoint of DynamoDB in the region "${region}". Give the option \`endpoint\`.`,
    );
  }
  return `dynamodb.${region}.${suffix}`;
}

function parseEndpoint(text: string): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBare =
    url !== undefined && url.pathname === '/' && url.search + url.hash + url.username + url.password === '';
  if (!isBare || !['https:', 'http:'].includes(url.protocol)) {
    throw new ConfigurationError(
      'The endpoint of LeanDynamoDbStore (option `endpoint`, or AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL) must be a URL with scheme, host and port alone, such as "https://dynamodb.eu-west-1.amazonaws.com" or "http://localhost:8000".',
    );
  }
  const isTls = url.protocol === 'https:';
  return {
    isTls,
    // `URL` keeps the brackets of an IPv6 address, which sockets do not know.
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isTls ? 443 : 80)),
    host: url.host,
  };
}
