import type { Kind } from './answers.ts';

export const CONTENDERS = ['lambda-idempotency', 'one string', 'powertools'] as const;
export type Contender = (typeof CONTENDERS)[number];

/** What one contender needs for answers of one kind and size. */
export interface Figures {
  readonly contender: Contender;
  readonly kind: Kind;
  readonly bytes: number;
  /** What a duplicate gets: the first answer, this library's word that it was not kept, or an error. */
  readonly replay: 'whole' | 'not kept' | 'fails';
  readonly firstRun: Consumption;
  readonly duplicate: Consumption;
}

export interface Consumption {
  readonly requests: number;
  /** As the engine reports them; of refused writes it reports none. */
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Of the one update that completes the record: by the size of the record, which is what a refused write costs. */
  readonly recordUnits: number;
  readonly cpuMs: number;
}
