import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventFeed } from './event-feed.ts';

/** Proxies that forward a port drop connections on which nothing happens for some minutes, or less. */
const HEARTBEAT_MS = 15_000;
/** A page is back this soon after a restart of the server. */
const RECONNECT_AFTER_MS = 500;
/** A reader that is this far behind is cut off; it comes back, and is told what it has missed. */
const BACKLOG_MAX_BYTES = 1024 * 1024;

/** Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html): an entry of the feed each. */
export function streamEvents(message: IncomingMessage, response: ServerResponse, feed: EventFeed): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(`retry: ${RECONNECT_AFTER_MS}\n\n`);
  const unfollow = feed.follow((entry) => {
    response.write(`id: ${entry.id}\ndata: ${JSON.stringify(entry)}\n\n`);
    if (response.writableLength > BACKLOG_MAX_BYTES) response.destroy();
  }, message.headers['last-event-id']?.toString());
  const heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS);
  response.once('close', () => {
    clearInterval(heartbeat);
    unfollow();
  });
}
