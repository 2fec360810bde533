import { type RequestStory, requestStories } from './request-stories.ts';
import type { RunEvent } from './run-event.ts';

/** What is known of a run beside its events. */
export interface RunFacts {
  /** Rows in its carts; `undefined` as long as nobody has looked. */
  readonly rows: number | undefined;
  /** Different keys that its requests carried; `undefined` where they came from elsewhere. */
  readonly keys: number | undefined;
}

/** What happened, in plain words, from what was observed: who arrived, what became of each, what is in the cart. */
export function sentenceOf(events: readonly RunEvent[], facts: RunFacts): string {
  const stories = requestStories(events);
  return [
    ...opening(stories, facts),
    ...clientRemarks(events, stories),
    ...fates(stories),
    ...serverRemarks(stories),
    ...closing(events, facts),
  ].join(' ');
}

function opening(stories: readonly RequestStory[], { keys }: RunFacts): string[] {
  const callers = new Set(stories.map(({ caller }) => caller).filter((caller) => caller !== undefined));
  const [first] = stories;
  if (first === undefined) return ['No request has reached the server.'];
  const sameKey = keys === 1 && stories.length > 1 ? ' with the same key' : '';
  if (callers.size > 1) {
    return [
      `${capital(count(callers.size, 'tenant'))}, ${[...callers].join(' and ')}, sent requests${sameKey}.`,
      ...(recordsOf(stories) === callers.size ? ['Each has a record of its own.'] : []),
    ];
  }
  const arrived = `${capital(count(stories.length, 'request'))} arrived`;
  if (stories.length === 1) return [`${arrived}.`];
  return [`${arrived}${areTogether(stories) ? ' together' : ''}${sameKey}.`];
}

function recordsOf(stories: readonly RequestStory[]): number {
  return new Set(stories.flatMap(({ recordId }) => recordId ?? [])).size;
}

/** Arrived so close that a person would say "at once", and before the one that ran was answered. */
const TOGETHER_WITHIN_MS = 400;

function areTogether([first, ...others]: readonly RequestStory[]): boolean {
  if (first === undefined) return false;
  const ran = [first, ...others].find(({ attempt }) => attempt !== undefined);
  const untilMs = Math.min(
    first.receivedAtMs + TOGETHER_WITHIN_MS,
    ran?.answer?.atMs ?? Number.POSITIVE_INFINITY,
  );
  return others.every(({ receivedAtMs }) => receivedAtMs <= untilMs);
}

function clientRemarks(events: readonly RunEvent[], stories: readonly RequestStory[]): string[] {
  const happenings = events.flatMap((event) => (event.source === 'client' ? [event.happening.type] : []));
  if (happenings.includes('reloaded')) {
    return ['The page was reloaded in mid-flight; its outbox still had the operation, and its key.'];
  }
  if (happenings.includes('adopted')) {
    return ['Another page had left the operation in the outbox, with its key.'];
  }
  const patience = stories.find(
    ({ clientLeftAfterMs }) => clientLeftAfterMs !== undefined,
  )?.clientLeftAfterMs;
  return patience === undefined
    ? []
    : [`The client stopped waiting after ${(patience / 1000).toFixed(1)} s.`];
}

interface Fate {
  /** Completes "one ...". */
  readonly one: string;
  /** Completes "nine ...". */
  readonly many: string;
}

const both = (words: string): Fate => ({ one: words, many: words });
const was = (words: string): Fate => ({ one: `was ${words}`, many: `were ${words}` });

function fateOf(story: RequestStory): Fate {
  if (story.isLost) return was('lost on the way to the server');
  if (story.attempt !== undefined) return fateOfAttempt(story, story.attempt);
  if (story.answer === undefined) return { one: 'is not answered yet', many: 'are not answered yet' };
  const lost = story.answer.fate === 'lost' ? ', but that answer was lost' : '';
  if (story.answer.replayed) return was(`given the recorded result${lost}`);
  const { status, problem } = story.answer;
  switch (problem) {
    case 'key-missing':
      return was(
        `refused with ${status}, since without a key nobody can tell a retry from a new request; nothing ran`,
      );
    case 'in-progress':
      return was(`answered ${status} and changed nothing${lost}`);
    case 'payload-mismatch':
      return was(`refused with ${status}, since its body was another one, and changed nothing`);
    case undefined:
      return was(`answered ${status}${lost}`);
    default:
      return was(`answered ${status} (${problem})${lost}`);
  }
}

function fateOfAttempt({ ending, effect, answer }: RequestStory, attempt: number): Fate {
  const ran = attempt > 1 ? 'took over when the lease was over' : 'ran';
  if (ending === 'crashed') {
    const when = effect === undefined ? 'before it had added a row' : 'after it had added its row';
    return both(`${ran} and died ${when}`);
  }
  if (ending === 'timed-out') return both(`${ran} until its time was over`);
  if (ending === 'released') return both(`${ran}, failed, and gave the key back`);
  if (ending === 'superseded') return both(`${ran} for too long and lost the key to another attempt`);
  if (ending === 'in-doubt') return both(`${ran} and left the outcome unknown`);
  if (ending === undefined) return { one: 'is running', many: 'are running' };
  const found = effect === 'row-found' ? ', found the row there already, and added none' : '';
  if (answer?.fate === 'lost') return both(`${ran}${found}, but the answer was lost`);
  if (answer?.fate === 'client-gone')
    return both(`${ran} to the end although nobody waited any more${found}`);
  return both(`${ran}${found}`);
}

function fates(stories: readonly RequestStory[]): string[] {
  const groups = new Map<string, { readonly fate: Fate; size: number }>();
  // What arrived together has no order but this: first the one that ran, by which the others are told.
  const inOrder = areTogether(stories)
    ? stories.toSorted((a, b) => Number(b.attempt !== undefined) - Number(a.attempt !== undefined))
    : stories;
  for (const story of inOrder) {
    const fate = fateOf(story);
    const group = groups.get(fate.one) ?? { fate, size: 0 };
    group.size += 1;
    groups.set(fate.one, group);
  }
  const [first, second] = [...groups.values()];
  if (first === undefined) return [];
  if (stories.length === 1) return [`It ${first.fate.one}.`];
  if (groups.size === 1) return [`${stories.length === 2 ? 'Both' : 'All'} ${first.fate.many}.`];
  if (groups.size === 2 && second !== undefined) {
    const others =
      second.size === 1
        ? `the other ${second.fate.one}`
        : `the other ${number(second.size)} ${second.fate.many}`;
    return [`${capital(named(first))}; ${others}.`];
  }
  return [`${capital([...groups.values()].map(named).join('; '))}.`];
}

function named({ fate, size }: { readonly fate: Fate; readonly size: number }): string {
  return `${number(size)} ${size === 1 ? fate.one : fate.many}`;
}

function serverRemarks(stories: readonly RequestStory[]): string[] {
  const died = stories.some(({ ending }) => ending === 'crashed' || ending === 'timed-out');
  return died
    ? ['Until the lease was over nobody could know what the dead process had done, so nothing else ran.']
    : [];
}

function closing(events: readonly RunEvent[], { rows }: RunFacts): string[] {
  const isGivenUp = events.some((event) => event.source === 'client' && event.happening.type === 'given-up');
  return [
    ...(isGivenUp ? ['The client has given up without an answer.'] : []),
    ...(rows === undefined ? [] : [`The cart holds ${rows === 0 ? 'no rows' : count(rows, 'row')}.`]),
  ];
}

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

function number(value: number): string {
  return WORDS[value] ?? String(value);
}

function count(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
