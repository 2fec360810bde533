/** What the page shows. Components read these signals; the rest of the page's code changes them. */

import { computed, signal } from '@preact/signals';
import type { SeatStatus } from '../../../../../functions/book-seat/seat.ts';

/** Four people at four machines, played by whoever sits here. */
export const USERS = ['Ada', 'Ben', 'Cleo', 'Dan'] as const;

/** Anybody, also one of the hundred of the rush. */
export type User = string;

export type Outcome = 'won' | 'replayed' | 'refused' | 'failed';

/** One answer, in the words of the page. */
export interface Told {
  readonly id: number;
  readonly outcome: Outcome;
  readonly sentence: string;
}

export interface Hold {
  readonly user: User;
  readonly holdId: string;
}

/** As many as can be taken in; the rush has some hundred answers. */
const TOLD_MAX = 8;

/** Part of the address, so that a second tab can come to the same show. */
export const showId = showOfAddress();

export const user = signal<User>(USERS[0]);
export const seats = signal<Readonly<Record<string, SeatStatus>>>({});
/** Of the users of this page, by seat; others' holds are a matter of their own. */
export const holds = signal<Readonly<Record<string, Hold>>>({});
export const buyers = signal<Readonly<Record<string, User>>>({});
export const told = signal<readonly Told[]>([]);
export const answers = signal<Readonly<Record<Outcome, number>>>({
  won: 0,
  replayed: 0,
  refused: 0,
  failed: 0,
});
export const isRushing = signal(false);
/** Epoch milliseconds, once a second. */
export const nowMs = signal(Date.now());

export const booked = computed(() => countOf('booked'));
export const held = computed(() => countOf('held'));

let serial = 0;

export function tell(outcome: Outcome, sentence: string): void {
  serial += 1;
  told.value = [{ id: serial, outcome, sentence }, ...told.value].slice(0, TOLD_MAX);
  answers.value = { ...answers.value, [outcome]: answers.value[outcome] + 1 };
}

function countOf(status: SeatStatus['status']): number {
  return Object.values(seats.value).filter((seat) => seat.status === status).length;
}

function showOfAddress(): string {
  const address = new URL(location.href);
  const given = address.searchParams.get('show');
  if (given !== null) return given;
  const made = `show-${crypto.randomUUID().slice(0, 8)}`;
  address.searchParams.set('show', made);
  history.replaceState(null, '', address);
  return made;
}
