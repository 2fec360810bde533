import type { AnswerFate, Observation } from '../../observation.ts';
import { observationsOf, type RunEvent } from './run-event.ts';

/** One request from its arrival to its end, as far as it has come. */
export interface RequestStory {
  /** 1 for the first of the run that arrived. */
  readonly number: number;
  readonly caller: string | undefined;
  readonly receivedAtMs: number;
  readonly answer:
    | {
        readonly status: number;
        readonly replayed: boolean;
        readonly problem: string | undefined;
        readonly fate: AnswerFate;
        readonly atMs: number;
      }
    | undefined;
  readonly isLost: boolean;
  /** When its client stopped waiting, in milliseconds after the request. */
  readonly clientLeftAfterMs: number | undefined;
  /** The hashed id of its key's record. */
  readonly recordId: string | undefined;
  /** The attempt that it became by acquiring the key; `undefined` for a duplicate that ran nothing. */
  readonly attempt: number | undefined;
  readonly ending: 'completed' | 'released' | 'in-doubt' | 'superseded' | 'crashed' | 'timed-out' | undefined;
  /** What its attempt to put the row came to. */
  readonly effect: 'row-added' | 'row-found' | undefined;
}

/** The requests of a run in the order of their arrival. */
export function requestStories(events: readonly RunEvent[]): RequestStory[] {
  const stories = new Map<string, RequestStory>();
  for (const observation of observationsOf(events)) {
    const story = stories.get(observation.requestId) ?? begin(observation, stories.size + 1);
    if (story !== undefined) stories.set(observation.requestId, { ...story, ...change(observation) });
  }
  return [...stories.values()];
}

/** Of a request whose arrival is not known (the server was asked for what it no longer keeps), nothing is told. */
function begin(observation: Observation, number: number): RequestStory | undefined {
  if (observation.type !== 'received') return undefined;
  return {
    number,
    caller: observation.caller,
    receivedAtMs: observation.atMs,
    answer: undefined,
    isLost: false,
    clientLeftAfterMs: undefined,
    recordId: undefined,
    attempt: undefined,
    ending: undefined,
    effect: undefined,
  };
}

function change(observation: Observation): Partial<RequestStory> {
  switch (observation.type) {
    case 'request-lost':
      return { isLost: true };
    case 'client-left':
      return { clientLeftAfterMs: observation.afterMs };
    case 'died':
      return { ending: observation.outcome };
    case 'answered': {
      const { status, replayed, problem, fate, atMs } = observation;
      return { answer: { status, replayed, problem, fate, atMs } };
    }
    case 'store-reply':
      if (observation.table !== 'cart' || observation.operation !== 'PutItem') return {};
      if (observation.outcome === 'done') return { effect: 'row-added' };
      return observation.outcome === 'condition-failed' ? { effect: 'row-found' } : {};
    case 'protocol':
      return changeByProtocol(observation.event);
    case 'received':
    case 'store-request':
      return {};
  }
}

type ProtocolEvent = Extract<Observation, { readonly type: 'protocol' }>['event'];

function changeByProtocol(event: ProtocolEvent): Partial<RequestStory> {
  switch (event.type) {
    case 'acquired':
      return { attempt: event.attempt, recordId: event.id };
    case 'completed':
    case 'released':
    case 'in-doubt':
    case 'superseded':
      return { ending: event.type };
    default:
      return {};
  }
}

/** True once nothing more can come of any request. */
export function areSettled(stories: readonly RequestStory[]): boolean {
  return stories.every(({ answer, isLost }) => answer !== undefined || isLost);
}
