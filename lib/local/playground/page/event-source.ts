/** The server's event stream, for as long as the page can be seen. */

import { signal } from '@preact/signals';
import type { FeedEntry } from '../event-feed.ts';

export const connection = signal<'connecting' | 'open' | 'lost'>('connecting');

let source: EventSource | undefined;

/**
 * Tells `onEntry` of everything that happens, and `onOpen` of each connection: what has happened before it is not told again
 * after a restart. A browser opens six connections to a server and no more, for all tabs together: hidden tabs must not take
 * them from the requests.
 */
export function followEvents(onEntry: (entry: FeedEntry) => void, onOpen: () => void): void {
  const follow = () => {
    if (document.hidden) {
      source?.close();
      source = undefined;
    } else {
      source ??= openSource(onEntry, onOpen);
    }
  };
  document.addEventListener('visibilitychange', follow);
  follow();
}

function openSource(onEntry: (entry: FeedEntry) => void, onOpen: () => void): EventSource {
  const opened = new EventSource('/playground/events');
  opened.onopen = () => {
    connection.value = 'open';
    onOpen();
  };
  // It reconnects by itself, and is then told what it has missed.
  opened.onerror = () => {
    connection.value = 'lost';
  };
  opened.onmessage = ({ data }) => {
    // Our own server's entries.
    onEntry(JSON.parse(data) as FeedEntry);
  };
  return opened;
}
