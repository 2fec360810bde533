import { BACK_OFF_MAX_MS } from './client.ts';
import type { KeyStory } from './key-story.ts';

/**
 * How long clients that asked for a key could not use it: from the sending of the first try that brought no result to
 * the end of the first that did, or to when they gave up. A key that is known to be in doubt is not waited for.
 */
export function unavailableMs({ tries }: KeyStory): number {
  const own = tries.filter(({ purpose }) => purpose === 'operation');
  const isInDoubt = own.some(
    ({ outcome }) => outcome.kind === 'refused' && outcome.code === 'OUTCOME_UNKNOWN',
  );
  if (isInDoubt) return 0;
  const successes = own.filter(({ outcome }) => outcome.kind === 'result');
  const ends = (successes.length > 0 ? successes : own).map(({ endedAtMs }) => endedAtMs);
  const endedMs = successes.length > 0 ? Math.min(...ends) : Math.max(...ends);
  const failed = own.filter(({ outcome, sentAtMs }) => outcome.kind !== 'result' && sentAtMs < endedMs);
  return failed.length === 0 ? 0 : endedMs - Math.min(...failed.map(({ sentAtMs }) => sentAtMs));
}

/** Of that, what is not the key's doing: requests that no worker answered in time, and the pause after each. */
export function unansweredMs({ tries }: KeyStory): number {
  return tries
    .filter(({ purpose, outcome }) => purpose === 'operation' && outcome.kind === 'no answer')
    .reduce((sum, { sentAtMs, endedAtMs }) => sum + endedAtMs - sentAtMs + BACK_OFF_MAX_MS, 0);
}
