/** Each sends one operation by `network` until it is answered or given up; resolves to whether it was answered. */
import { DEFAULT_MAX_ATTEMPTS, StandardRetryStrategy } from '@smithy/core/retry';
import axios, { AxiosError, type AxiosResponse } from 'axios';
import axiosRetry, { exponentialDelay, isNetworkError, isRetryableError } from 'axios-retry';
import ky from 'ky';
import pRetry from 'p-retry';
import { createIdempotentFetch, type IdempotentFetchOptions } from '../../lib/client/index.ts';

export type Network = typeof fetch;
export type Send = (network: Network) => Promise<boolean>;

const URL_OF_SERVICE = 'http://service.test/';
const REQUEST = { method: 'POST', body: '{}' };

const ours =
  (options: IdempotentFetchOptions): Send =>
  async (network) =>
    (await createIdempotentFetch({ ...options, fetch: network })(URL_OF_SERVICE, REQUEST)).ok;

const atOnce: Send = async (network) => {
  for (let tries = 0; tries < 10; tries++) {
    const ok = await network(URL_OF_SERVICE, REQUEST).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return true;
  }
  return false;
};

const byKy =
  (retry: object): Send =>
  async (network) =>
    (await ky(URL_OF_SERVICE, { ...REQUEST, fetch: network, retry: { methods: ['post'], ...retry } })).ok;

const byAxios =
  (options: object): Send =>
  async (network) => {
    const instance = axios.create({
      adapter: async (config) => {
        const response = await network(URL_OF_SERVICE, REQUEST).catch(() => {
          throw new AxiosError('socket hang up', 'ECONNRESET', config);
        });
        const answer: AxiosResponse = {
          data: '',
          status: response.status,
          statusText: '',
          headers: Object.fromEntries(response.headers),
          config,
        };
        if (response.ok) return answer;
        throw new AxiosError('failed', AxiosError.ERR_BAD_RESPONSE, config, undefined, answer);
      },
    });
    axiosRetry(instance, {
      retryCondition: (error) => isNetworkError(error) || isRetryableError(error),
      ...options,
    });
    return (await instance.post(URL_OF_SERVICE, '{}')).status < 400;
  };

const byPRetry: Send = (network) =>
  pRetry(async () => {
    const response = await network(URL_OF_SERVICE, REQUEST);
    if (!response.ok) throw new Error('failed');
    return true;
  });

/** As the SDK's retry middleware asks it. */
const byAwsSdk: Send = async (network) => {
  const strategy = new StandardRetryStrategy(DEFAULT_MAX_ATTEMPTS);
  let token = await strategy.acquireInitialRetryToken('');
  for (;;) {
    const ok = await network(URL_OF_SERVICE, REQUEST).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) {
      strategy.recordSuccess(token);
      return true;
    }
    token = await strategy.refreshRetryTokenForRetry(token, { errorType: 'TRANSIENT' });
  }
};

export const CONTENDERS: Readonly<Record<string, Send>> = {
  'lambda-idempotency/client': ours({}),
  '... without jitter': ours({ random: () => 1 - Number.EPSILON }),
  'again at once, 10 tries': atOnce,
  'ky (2 retries)': byKy({}),
  'ky, 9 retries': byKy({ limit: 9 }),
  'axios-retry (3 retries, no delay)': byAxios({}),
  'axios-retry, exponentialDelay, 9 retries': byAxios({ retries: 9, retryDelay: exponentialDelay }),
  'p-retry (10 retries)': byPRetry,
  'AWS SDK, standard (3 attempts)': byAwsSdk,
};
