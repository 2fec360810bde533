/** Follows the server's event stream as a browser's EventSource does, and keeps what it is told. */

import { request } from 'node:http';
import type { FeedEntry } from '../../lib/local/playground/event-feed.ts';

export interface FollowedStream {
  readonly entries: readonly FeedEntry[];
  /** All that has come, as it came. */
  text(): string;
  close(): void;
}

export async function followEvents(baseUrl: string, lastEventId?: string): Promise<FollowedStream> {
  const entries: FeedEntry[] = [];
  let text = '';
  let unread = '';
  const outgoing = request(`${baseUrl}/playground/events`, {
    agent: false,
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  await new Promise<void>((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      if (incoming.headers['content-type'] !== 'text/event-stream') {
        reject(new Error(`No event stream: ${incoming.statusCode}`));
      }
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
        unread += chunk;
        const messages = unread.split('\n\n');
        unread = messages.pop() ?? '';
        for (const message of messages) {
          const data = /^data: (.*)$/m.exec(message)?.[1];
          if (data !== undefined) entries.push(JSON.parse(data));
        }
      });
      // Ours is the one that closes, and so is the error that this may raise.
      incoming.on('error', () => {});
      resolve();
    });
    outgoing.end();
  });
  return {
    entries,
    text: () => text,
    close: () => outgoing.destroy(),
  };
}
