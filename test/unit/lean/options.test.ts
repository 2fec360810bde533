import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigurationError, StoreError } from '../../../lib/idempotency/errors.ts';
import { credentialsFrom } from '../../../lib/lean/credentials.ts';
import { resolveEndpoint, resolveRegion } from '../../../lib/lean/endpoint.ts';
import { idempotency, idempotent, LeanDynamoDbStore } from '../../../lib/lean/index.ts';
import { resolveLeanOptions } from '../../../lib/lean/options.ts';

const OF_AWS = /^(AWS_|IDEMPOTENCY_TABLE$)/;
const before = { ...process.env };

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (OF_AWS.test(name)) delete process.env[name];
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (OF_AWS.test(name)) delete process.env[name];
  Object.assign(process.env, before);
});

describe('the endpoint', () => {
  test.each([
    ['eu-west-1', 'dynamodb.eu-west-1.amazonaws.com'],
    ['us-gov-west-1', 'dynamodb.us-gov-west-1.amazonaws.com'],
    ['ap-southeast-5', 'dynamodb.ap-southeast-5.amazonaws.com'],
    ['cn-north-1', 'dynamodb.cn-north-1.amazonaws.com.cn'],
  ])('of %s is its public one, with TLS', (region, host) => {
    expect(resolveEndpoint(undefined, region)).toEqual({ isTls: true, hostname: host, port: 443, host });
  });

  test.each(['us-iso-east-1', 'us-isob-east-1', 'eusc-de-east-1', 'local'])(
    'of %s is not known, and has to be given',
    (region) => {
      expect(() => resolveEndpoint(undefined, region)).toThrow(ConfigurationError);
      expect(() => resolveEndpoint(undefined, region)).toThrow(/Give the option `endpoint`/);
      expect(resolveEndpoint('https://dynamodb.example', region).host).toBe('dynamodb.example');
    },
  );

  test.each(['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'])(
    'that %s asks for is not silently another one',
    (name) => {
      process.env[name] = 'true';
      expect(() => resolveEndpoint(undefined, 'eu-west-1')).toThrow(new RegExp(`^${name} is set`));
      expect(resolveEndpoint('https://a.example', 'eu-west-1').host).toBe('a.example');
      process.env[name] = 'false';
      expect(() => resolveEndpoint(undefined, 'eu-west-1')).not.toThrow();
    },
  );

  test('comes from the option, then from the environment in the order of the SDK', () => {
    process.env['AWS_ENDPOINT_URL'] = 'http://all:1';
    expect(resolveEndpoint(undefined, 'eu-west-1').host).toBe('all:1');
    process.env['AWS_ENDPOINT_URL_DYNAMODB'] = 'http://dynamodb:2';
    expect(resolveEndpoint(undefined, 'eu-west-1').host).toBe('dynamodb:2');
    expect(resolveEndpoint('http://given:3', 'eu-west-1').host).toBe('given:3');
    process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] = 'true';
    expect(resolveEndpoint(undefined, 'eu-west-1').host).toBe('dynamodb.eu-west-1.amazonaws.com');
  });

  test('is a host and a port, with the scheme that decides on TLS', () => {
    expect(resolveEndpoint('http://127.0.0.1', 'eu-west-1')).toMatchObject({ isTls: false, port: 80 });
    expect(resolveEndpoint('https://[::1]:8443', 'eu-west-1')).toEqual({
      isTls: true,
      hostname: '::1',
      port: 8443,
      host: '[::1]:8443',
    });
  });

  test.each([
    'localhost:8000',
    'ftp://host',
    'https://host/path',
    'https://host?a=b',
    'https://me:secret@host',
    '',
  ])('is not %p, and the error does not repeat it', (endpoint) => {
    expect(() => resolveEndpoint(endpoint, 'eu-west-1')).toThrow(
      /must be a URL with scheme, host and port alone/,
    );
    expect(() => resolveEndpoint(endpoint, 'eu-west-1')).not.toThrow(/secret/);
  });
});

test('the region comes from the option or from AWS_REGION, and there must be one', () => {
  expect(() => resolveRegion(undefined)).toThrow(/needs a region/);
  expect(() => resolveRegion('eu-west-1.evil.example/')).toThrow(/needs a region/);
  process.env['AWS_REGION'] = 'eu-west-1';
  expect(resolveRegion(undefined)).toBe('eu-west-1');
  expect(resolveRegion('eu-west-2')).toBe('eu-west-2');
});

describe('credentials', () => {
  test('of the environment are read anew for each request', async () => {
    const credentials = credentialsFrom(undefined);
    await expect(credentials()).rejects.toThrow(StoreError);
    await expect(credentials()).rejects.toThrow(/AWS_ACCESS_KEY_ID.*fromNodeProviderChain/);
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's' });
    expect(await credentials()).toEqual({ accessKeyId: 'a', secretAccessKey: 's', sessionToken: undefined });
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'b', AWS_SESSION_TOKEN: 't' });
    expect(await credentials()).toEqual({ accessKeyId: 'b', secretAccessKey: 's', sessionToken: 't' });
  });

  test('of a function are asked for once, or again within five minutes before their end', async () => {
    let asked = 0;
    const giving = (expiration?: Date) =>
      credentialsFrom(async () => {
        asked += 1;
        return { accessKeyId: 'a', secretAccessKey: 's', expiration };
      });
    const timesAskedForThree = async (expiration?: Date) => {
      asked = 0;
      const credentials = giving(expiration);
      for (let i = 0; i < 3; i++) await credentials();
      return asked;
    };
    expect(await timesAskedForThree()).toBe(1);
    expect(await timesAskedForThree(new Date(Date.now() + 600_000))).toBe(1);
    expect(await timesAskedForThree(new Date(Date.now() + 290_000))).toBeGreaterThanOrEqual(3);
  });

  test('that a function does not give are a store error with its cause', async () => {
    const cause = new Error('no metadata service');
    await expect(credentialsFrom(() => Promise.reject(cause))()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause,
    });
    const thrown = credentialsFrom(() => {
      throw cause;
    });
    await expect(thrown()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause });
    await expect(credentialsFrom(async () => ({}) as never)()).rejects.toThrow(/must resolve to an object/);
  });
});

describe('the options', () => {
  const given = (options: object) => () =>
    resolveLeanOptions({ tableName: 't', region: 'eu-west-1', ...options } as never);

  test.each([
    [{ client: {} }, /Unknown option "client" of LeanDynamoDbStore\..* is for DynamoDbStore/],
    [{ maxAttempt: 1 }, /Unknown option "maxAttempt"/],
    [{ maxAttempts: 0 }, /"maxAttempts" of LeanDynamoDbStore must be a whole number of at least 1/],
    [{ requestTimeoutMs: 1.5 }, /"requestTimeoutMs"/],
    [{ connectTimeoutMs: '1000' }, /"connectTimeoutMs"/],
    [{ maxSockets: Number.POSITIVE_INFINITY }, /"maxSockets"/],
    [{ credentials: { accessKeyId: 'a' } }, /"credentials" of LeanDynamoDbStore must be/],
    [{ credentials: 'key' }, /"credentials"/],
  ])('%j are refused at once', (options, message) => {
    expect(given(options)).toThrow(ConfigurationError);
    expect(given(options)).toThrow(message);
  });

  test('have the defaults that they say', () => {
    expect(given({})()).toMatchObject({
      maxAttempts: 3,
      connectTimeoutMs: 1000,
      requestTimeoutMs: 2000,
      maxSockets: 50,
    });
  });

  test('need a table', () => {
    expect(() => new LeanDynamoDbStore({ tableName: '', region: 'eu-west-1' })).toThrow(/`tableName`/);
  });
});

test('the guards of ./lean open a lean store on IDEMPOTENCY_TABLE, and need one', () => {
  expect(() => idempotency()).toThrow(/IDEMPOTENCY_TABLE/);
  process.env['IDEMPOTENCY_TABLE'] = 'idempotency';
  // The region is something that only this store asks for at once.
  expect(() => idempotency()).toThrow(/LeanDynamoDbStore needs a region/);
  expect(() => idempotent(async () => 1)).toThrow(/LeanDynamoDbStore needs a region/);
  process.env['AWS_REGION'] = 'eu-west-1';
  expect(() => idempotency()).not.toThrow();
  expect(() => idempotent(async () => 1)).not.toThrow();
});
