import { Logger } from '@aws-lambda-powertools/logger';
import { expect, test } from '@jest/globals';
import type { IdempotencyEvent } from '../../../lib/idempotency/events.ts';
import { type LogSink, logListener } from '../../../lib/observability/index.ts';
import { writtenDuring } from '../../security/leaks.ts';
import { EVERY_EVENT, errorNamed, QUOTED_KEY, throttled } from './every-event.ts';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

function logged(event: IdempotencyEvent): Line {
  const lines: Line[] = [];
  const at = (level: string) => (message: string, fields: Record<string, unknown>) =>
    lines.push({ level, message, fields });
  const sink: LogSink = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  logListener(sink)(event);
  const [line, ...more] = lines;
  if (line === undefined || more.length > 0) throw new Error(`${lines.length} lines for one event`);
  return line;
}

test.each(Object.values(EVERY_EVENT))(
  '$type is one line that names it and its record, and no message',
  (event) => {
    const { message, fields } = logged(event);
    expect(message).toBe(`idempotency: ${event.type}`);
    expect(fields).toMatchObject({
      idempotency: { event: event.type, ...('id' in event ? { id: event.id } : {}) },
    });
    expect(JSON.stringify(fields)).not.toContain(QUOTED_KEY);
  },
);

test.each([
  [
    'debug',
    [
      'acquired',
      'completed',
      'released',
      'suspended',
      'step-recorded',
      'step-skipped',
      'renewed',
      'store-call',
    ],
  ],
  ['info', ['replayed', 'in-progress', 'waited', 'mismatch', 'condition-failed']],
  ['warn', ['reconciled', 'uncertain', 'in-doubt', 'lease-lost', 'superseded', 'unguarded']],
  ['error', ['store-failed']],
] as const)('at level %s there are %j', (level, types) => {
  const atLevel = Object.values(EVERY_EVENT).filter((event) => logged(event).level === level);
  expect(new Set(atLevel.map(({ type }) => type))).toEqual(new Set(types));
});

test('a takeover, a result that is not kept and a store that cannot be asked are warnings', () => {
  const takenOver: IdempotencyEvent = { ...EVERY_EVENT.acquired, attempt: 2, leaseEndedAtMs: 1 };
  const failed: IdempotencyEvent = { ...EVERY_EVENT['store-failed'], during: 'claim' };
  const error = errorNamed('ResultTooLargeError');
  const omitted: IdempotencyEvent = { ...EVERY_EVENT.completed, omission: { reason: 'too-large', error } };
  expect([takenOver, failed, omitted].map((event) => logged(event).level)).toEqual(['warn', 'warn', 'warn']);
  expect(logged(omitted).fields).toEqual({
    idempotency: {
      event: 'completed',
      id: 'orders#3f9ac0de',
      attempt: 1,
      omission: 'too-large',
      error: ['ResultTooLargeError'],
    },
  });
});

test('a run without a lock that was meant to be one is no warning, and a doubt that was cleared is none', () => {
  expect(logged({ type: 'unguarded', reason: 'method' }).level).toBe('debug');
  expect(logged({ type: 'reconciled', id: 'o#1', attempt: 2, outcome: 'run' }).level).toBe('info');
});

test("Powertools' Logger writes the names of an error and of its causes", async () => {
  const written = await writtenDuring(async () => {
    const logger = new Logger({ serviceName: 'cart', logLevel: 'DEBUG' });
    logListener(logger)({ type: 'store-failed', id: 'orders#1', during: 'commit', error: throttled() });
  });
  expect(JSON.parse(written)).toMatchObject({
    level: 'ERROR',
    message: 'idempotency: store-failed',
    idempotency: {
      event: 'store-failed',
      id: 'orders#1',
      during: 'commit',
      error: ['StoreError', 'ProvisionedThroughputExceededException'],
    },
  });
  expect(written).not.toContain(QUOTED_KEY);
});
