import { render } from 'preact';
import type { FeedEntry } from '../../event-feed.ts';
import { followEvents } from '../event-source.ts';
import { refreshSeats } from './box-office.ts';
import { SeatsApp } from './seats-app.tsx';
import { nowMs, showId } from './theatre.ts';

/** Requests for this show that are under way, whoever has sent them. */
const underWay = new Set<string>();

/** Others' clicks change the map, too. */
function apply({ observation }: FeedEntry): void {
  const { requestId } = observation;
  if (observation.type === 'received' && observation.method === 'POST') {
    if (observation.path.includes(`shows/${showId}/`)) underWay.add(requestId);
  }
  if (observation.type === 'answered' && underWay.delete(requestId)) void refreshSeats();
}

const place = document.getElementById('playground');
if (place !== null) {
  render(<SeatsApp />, place);
  followEvents(apply, () => void refreshSeats());
  setInterval(() => {
    nowMs.value = Date.now();
  }, 1_000);
}
