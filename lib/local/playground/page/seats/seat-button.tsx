import type { SeatStatus } from '../../../../../functions/book-seat/seat.ts';
import { choose } from './actions.ts';
import { buyers, holds, isRushing, nowMs, user } from './theatre.ts';

export function SeatButton({ seatId, seat }: { readonly seatId: string; readonly seat: SeatStatus }) {
  const owner = ownerOf(seatId, seat);
  const isOwn = owner === user.value;
  return (
    <button
      type="button"
      class={`seat seat-${seat.status}${isOwn ? ' seat-own' : ''}`}
      data-seat={seatId}
      data-status={seat.status}
      aria-label={`${seatId}: ${wordsOf(seat, owner, isOwn)}`}
      aria-disabled={isRushing.value}
      onClick={() => {
        if (!isRushing.value) void choose(seatId);
      }}
    >
      <span class="seat-id">{seatId}</span>
      <span class="seat-mark">{markOf(seat, owner)}</span>
    </button>
  );
}

/** Who has it, as far as this page knows. */
function ownerOf(seatId: string, { status }: SeatStatus): string | undefined {
  if (status === 'held') return holds.value[seatId]?.user;
  return status === 'booked' ? buyers.value[seatId] : undefined;
}

function wordsOf(seat: SeatStatus, owner: string | undefined, isOwn: boolean): string {
  const by = owner ?? 'somebody else';
  switch (seat.status) {
    case 'for-sale':
      return 'for sale. Press to hold it.';
    case 'held':
      return `held by ${by}, for ${secondsLeft(seat.heldUntil)} s more.${isOwn ? ' Press to book it.' : ''}`;
    case 'booked':
      return `booked by ${by}.`;
  }
}

function markOf(seat: SeatStatus, owner: string | undefined): string {
  const who = owner === undefined ? '' : `${owner} `;
  switch (seat.status) {
    case 'for-sale':
      return '';
    case 'held':
      return `${who}${secondsLeft(seat.heldUntil)} s`;
    case 'booked':
      return `${who}✓`;
  }
}

function secondsLeft(heldUntil: string): number {
  return Math.max(Math.ceil((Date.parse(heldUntil) - nowMs.value) / 1000), 0);
}
