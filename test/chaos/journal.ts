/** What workers tell while they work. It leaves a process at once, so that a killed one has told it all the same. */
import type { IdempotencyEvent } from '../../lib/index.ts';
import type { Answer } from './answer.ts';
import type { Moment } from './moments.ts';

export interface Note {
  readonly atMs: number;
  /** Number of the request, unique in a run. */
  readonly request: number;
  readonly what: Moment | IdempotencyEvent['type'] | 'answered';
  readonly attempt?: number;
  readonly leaseEndsAtMs?: number;
  /** What a replay was made from. */
  readonly from?: 'store' | 'cache';
  readonly answer?: Answer;
}

export type WorkerMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'note'; readonly note: Note };

/** A note and where it comes from. */
export interface JournalEntry extends Note {
  readonly worker: string;
}
