/** The page at `/` that shows the protocol at work, with what it is told: nothing on it is staged. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ObservedTable, Observer } from '../observation.ts';
import { EventFeed } from './event-feed.ts';
import { streamEvents } from './event-stream.ts';
import { bundleScript, bundleStyle } from './page-bundle.ts';
import { PAGE_ICON, pageHtml, seatsHtml } from './page-html.ts';
import { createTableReader } from './table-view.ts';

export interface Playground {
  readonly observe: Observer;
  /** False for a request that is not for the page or what it loads. */
  serve(message: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

export interface PlaygroundOptions {
  readonly client: DynamoDBClient;
  readonly tables: Readonly<Record<ObservedTable, string>>;
}

/** Records or carts that one look shows at most; the page asks for fewer. */
const VIEW_MAX_ITEMS = 20;

/** Scripts and styles are files of ours, and nothing else is loaded from anywhere. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function createPlayground({ client, tables }: PlaygroundOptions): Playground {
  const feed = new EventFeed();
  const reader = createTableReader(client, tables);

  /** The address that the reader has typed: behind a forwarded port it is not ours. */
  function page({ headers }: IncomingMessage): string {
    return pageHtml(`http://${headers.host ?? '127.0.0.1'}`);
  }

  async function view(parameters: URLSearchParams): Promise<string> {
    const records = parameters.getAll('record').slice(0, VIEW_MAX_ITEMS);
    const carts = parameters.getAll('cart').slice(0, VIEW_MAX_ITEMS);
    return JSON.stringify(await reader.view(records, carts));
  }

  return {
    observe: feed.observe,
    async serve(message, response) {
      if (message.method !== 'GET') return false;
      const [path, query] = (message.url ?? '/').split('?', 2);
      switch (path) {
        case '/':
          send(response, 'text/html', page(message));
          return true;
        case '/seats':
          send(response, 'text/html', seatsHtml());
          return true;
        case '/playground/page.js':
          send(response, 'text/javascript', await bundleScript('main.tsx'));
          return true;
        case '/playground/seats.js':
          send(response, 'text/javascript', await bundleScript('seats/main.tsx'));
          return true;
        case '/playground/page.css':
          send(response, 'text/css', await bundleStyle('style.css'));
          return true;
        case '/playground/seats.css':
          send(response, 'text/css', await bundleStyle('seats/seats.css'));
          return true;
        case '/playground/icon.svg':
          send(response, 'image/svg+xml', PAGE_ICON);
          return true;
        case '/playground/tables':
          send(response, 'application/json', await view(new URLSearchParams(query)));
          return true;
        case '/playground/events':
          streamEvents(message, response, feed);
          return true;
        default:
          return false;
      }
    },
  };
}

function send(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  response.end(text);
}
