/** Until when a key may have been locked, as far as its workers have told. */

import type { Note } from './journal.ts';
import type { KeyStory, RequestStory } from './key-story.ts';
import { LEASE_MS } from './plan.ts';

/** Two processes read one clock, each in whole milliseconds. */
const CLOCK_TOLERANCE_MS = 5;

/** Requests that were told that another one was in progress, although no lock could be live when they came. */
export function refusedWithoutLock({ requests }: KeyStory): number[] {
  const stories = [...requests.entries()];
  return stories
    .filter(([, story]) => wasToldInProgress(story))
    .filter(([number, story]) => {
      const others = stories.filter(([other]) => other !== number).map(([, other]) => other);
      const lockedUntilMs = Math.max(...others.map(lockEndsAtMs));
      return arrivedAtMs(story) > lockedUntilMs + CLOCK_TOLERANCE_MS;
    })
    .map(([number]) => number);
}

/** Never, where it has certainly held none. */
function lockEndsAtMs(story: RequestStory): number {
  const settled = noteOf(story, ['completed', 'released', 'suspended']);
  if (settled !== undefined) return settled.atMs;
  if (story.leaseEndsAtMs !== undefined) return story.leaseEndsAtMs + grantedWithinMs(story);
  // It got another verdict than the lock; without one it may have died or been frozen while it held it.
  const verdict = noteOf(story, ['in-progress', 'replayed', 'mismatch', 'uncertain']);
  const answer = noteOf(story, ['answered'])?.answer;
  const isRefused = answer?.kind === 'refused' && answer.code !== 'STORE_UNAVAILABLE';
  return verdict !== undefined || isRefused ? Number.NEGATIVE_INFINITY : arrivedAtMs(story) + LEASE_MS;
}

/** A store that counts the length of a lease on its own clock begins when the request for it has arrived there. */
function grantedWithinMs(story: RequestStory): number {
  const granted = noteOf(story, ['acquired']);
  return granted === undefined ? 0 : Math.max(0, granted.atMs - arrivedAtMs(story));
}

function wasToldInProgress(story: RequestStory): boolean {
  const answer = noteOf(story, ['answered'])?.answer;
  return answer?.kind === 'refused' && answer.code === 'IN_PROGRESS';
}

function arrivedAtMs(story: RequestStory): number {
  return noteOf(story, ['arrived'])?.atMs ?? Number.POSITIVE_INFINITY;
}

function noteOf({ notes }: RequestStory, kinds: readonly Note['what'][]): Note | undefined {
  return notes.find(({ what }) => kinds.includes(what));
}
