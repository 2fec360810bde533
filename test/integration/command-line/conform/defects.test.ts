/** Each check is seen to fail where an API does what it is about, and no other one with it. */
import { expect, test } from '@jest/globals';
import { runCommand } from '../../../support/test-terminal.ts';
import { DEFECTS, type Defect, startModelApi } from './model-api.ts';

interface Report {
  readonly conforms: boolean;
  readonly checks: readonly { readonly id: string; readonly outcome: string; readonly detail?: string }[];
}

async function conform(defect: Defect | undefined, extra: readonly string[] = []) {
  const api = await startModelApi(defect);
  try {
    const outcome = await runCommand(
      [
        'conform',
        '--json',
        ...['--url', `${api.url}/things`],
        ...['--body', '{"thing":"{{uuid}}","count":1}'],
        ...['--slow-header', 'x-work-ms: 600'],
        ...['--header', 'Authorization: one', '--other-caller', 'Authorization: other'],
        ...extra,
        ...(extra.includes('--uncounted')
          ? []
          : ['--effects-url', `${api.url}/effects/{{uuid}}`, '--effects-pointer', '/things']),
      ].filter((argument) => argument !== '--uncounted'),
    );
    const report = JSON.parse(outcome.stdout) as Report;
    const idsOf = (wanted: string) =>
      report.checks.filter(({ outcome: found }) => found === wanted).map(({ id }) => id);
    return { ...outcome, report, failed: idsOf('fail'), unclear: idsOf('unclear') };
  } finally {
    await api.close();
  }
}

test('an API that does it all passes all of it', async () => {
  const { report, failed, unclear, exitCode } = await conform(undefined, [
    '--fail-on',
    'profile',
    '--strict',
  ]);
  expect(failed).toEqual([]);
  expect(unclear).toEqual([]);
  expect(report.conforms).toBe(true);
  expect(report.checks.length).toBeGreaterThan(30);
  expect(exitCode).toBe(0);
});

const NOTICED: Record<Defect, readonly string[]> = {
  'no idempotency at all': [
    'retry-same-result',
    'retry-one-effect',
    'key-reused',
    'key-reused-harmless',
    'concurrent-one-result',
    'concurrent-conflict',
    'concurrent-settled',
    'key-bare-is-quoted',
    'header-case',
    'replay-marked',
    'json-by-value',
  ],
  'runs without a key': ['key-missing'],
  'has an effect without a key': ['key-missing-no-effect'],
  'refuses without a word': [
    'key-missing-explained',
    'key-reused-explained',
    'concurrent-explained',
    'problem-400',
    'problem-422',
    'problem-409',
  ],
  'compares no payloads': ['key-reused', 'key-reused-in-progress'],
  'compares bytes': ['json-by-value'],
  'a mismatch drops the record': ['key-reused-harmless'],
  'answers 400 to a mismatch': ['key-reused', 'key-reused-in-progress'],
  'checks the lock too late': ['concurrent-one-result', 'concurrent-conflict', 'concurrent-settled'],
  'waits for the first one': [],
  'a refusal releases the lock': ['concurrent-one-result', 'refusal-keeps-lock', 'concurrent-settled'],
  'a refused duplicate spoils the result': ['concurrent-settled'],
  'no Retry-After': ['retry-after'],
  'Retry-After as a date': ['retry-after'],
  'shares keys among callers': ['key-of-one-caller'],
  'takes quotes as part of the key': ['key-bare-is-quoted'],
  'takes any key': [
    'key-too-long',
    'key-empty',
    'key-unclosed',
    'key-not-ascii',
    'key-repeated',
    'key-bare-is-quoted',
  ],
  'takes short keys only': ['key-longest'],
  'reads the header by its exact name': ['header-case'],
  'does not mark replays': ['replay-marked'],
  'marks first answers': ['replay-marked'],
  'replays as 202': ['retry-same-result'],
  'says status 500 in its problems': ['problem-400', 'problem-422', 'problem-409'],
  'writes no problems': ['problem-400', 'problem-422', 'problem-409'],
  'always the same answer': [],
  'payload before lock': ['key-reused-in-progress'],
};

// Each has a server of its own, and waits most of the time.
test.concurrent.each(DEFECTS.map((defect) => [defect]))('%s', async (defect) => {
  const { failed } = await conform(defect);
  expect([...failed].sort()).toEqual([...NOTICED[defect]].sort());
});

test('a draft check that fails is exit code 1, one of the profile only if that is asked for', async () => {
  expect((await conform('answers 400 to a mismatch')).exitCode).toBe(1);
  expect((await conform('no Retry-After')).exitCode).toBe(0);
  expect((await conform('no Retry-After', ['--fail-on', 'profile'])).exitCode).toBe(1);
});

test('what cannot be seen is unclear, and fails with --strict alone', async () => {
  const waiting = await conform('waits for the first one');
  expect(waiting.unclear).toContain('concurrent-conflict');
  expect(waiting.exitCode).toBe(0);
  expect((await conform('waits for the first one', ['--strict'])).exitCode).toBe(1);
});

test('without a count of effects, answers that tell runs apart are evidence; others are none', async () => {
  const telling = await conform(undefined, ['--uncounted']);
  expect(telling.failed).toEqual([]);
  expect(telling.unclear).toEqual(['key-missing-no-effect']);
  const mute = await conform('always the same answer', ['--uncounted']);
  expect(mute.failed).toEqual([]);
  expect(mute.unclear).toEqual([
    'retry-one-effect',
    'new-key-new-operation',
    'key-missing-no-effect',
    'concurrent-one-result',
    'key-of-one-caller',
  ]);
  const second = await conform('no idempotency at all', ['--uncounted']);
  expect(second.failed).toContain('retry-one-effect');
});
