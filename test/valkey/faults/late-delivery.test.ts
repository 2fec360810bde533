/** A command gets stuck, the client gives it up, and then the server gets it after all. No ghost may do harm. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { TRIES_MAX } from '../../../lib/valkey/command-runner.ts';
import { always, once } from '../../faults/fault.ts';
import { failingWork } from '../../faults/guarded-handler.ts';
import { startValkeyServer, type ValkeyServer } from '../../support/valkey-server.ts';
import { IMPATIENT_MS, withValkeyService } from './guarded-valkey-service.ts';
import { loadScripts } from './load-scripts.ts';

const STUCK = 'request stuck, and delivered late';
const ALL_REFUSED = Array(TRIES_MAX).fill('refused');

jest.setTimeout(60_000);

let server: ValkeyServer;
beforeAll(async () => {
  server = await startValkeyServer();
  await loadScripts(server);
});
afterAll(() => server?.stop());

const options = () => ({ serverPort: server.port, silenceMs: IMPATIENT_MS });

describe('a late acquire', () => {
  test.concurrent('is refused by the completion that overtook it', () =>
    withValkeyService(options(), async (service, proxy) => {
      proxy.plan(once(STUCK, 'acquire'));
      expect(await service.send()).toBe('201');
      const completed = await service.record();

      expect(await proxy.deliverStuckRequests()).toEqual(['refused']);
      expect(await service.record()).toEqual(completed);
      expect(await service.send()).toBe('200 replayed');
      expect(service.runs).toBe(1);
    }));

  test.concurrent('of a request that was answered 503 locks the key for no longer than a lease', () =>
    withValkeyService(options(), async (service, proxy) => {
      proxy.plan(always(STUCK, 'acquire'));
      expect(await service.send()).toBe('503 STORE_UNAVAILABLE');
      expect(service.runs).toBe(0);
      await proxy.heal();

      // The second and third try find the first one's lock, which is their own.
      expect(await proxy.deliverStuckRequests()).toEqual(['applied', 'refused', 'refused']);
      expect(await service.send()).toBe('409 IN_PROGRESS');
      await service.letLeaseLapse();
      expect(await service.send()).toBe('201');
      expect(service.runs).toBe(1);
    }));
});

describe('late writes of an attempt that another one has taken over from', () => {
  test.concurrent.each([
    ['completion', 'complete', '201'],
    ['release', 'release', "the handler's error"],
    ['suspension', 'renew', "the handler's error"],
    ['step', 'recordStep', '503 STORE_UNAVAILABLE'],
  ] as const)('%s: changes nothing', (_, place, answer) =>
    withValkeyService(options(), async (service, proxy) => {
      if (place === 'renew' || place === 'recordStep') service.runStep();
      if (place !== 'complete' && place !== 'recordStep') service.planRun(failingWork);
      proxy.plan(always(STUCK, place));
      expect(await service.send()).toBe(answer);
      await proxy.heal();
      await service.letLeaseLapse();
      service.planRun(async () => {
        const before = await service.record();
        expect(await proxy.deliverStuckRequests()).toEqual(ALL_REFUSED);
        expect(await service.record()).toEqual(before);
        return { statusCode: 201, body: '{"by":"attempt 2"}' };
      });
      expect(await service.send()).toBe('201');
      expect(await service.record()).toMatchObject({
        status: 'COMPLETED',
        attempt: 2,
        result: { kind: 'json', json: expect.stringContaining('attempt 2') },
      });
    }),
  );
});

test('a completion that nobody has overtaken settles its key late', () =>
  withValkeyService(options(), async (service, proxy) => {
    proxy.plan(always(STUCK, 'complete'));
    expect(await service.send()).toBe('201');
    await proxy.heal();
    await service.letLeaseLapse();

    expect(await proxy.deliverStuckRequests()).toEqual(['applied', 'refused', 'refused']);
    expect(await service.send()).toBe('200 replayed');
    expect(service.runs).toBe(1);
  }));
