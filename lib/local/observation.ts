/**
 * What happens between client, function and tables, told while it happens to whoever watches a local run. Like the
 * library's own events it names records by their hashed id, and carries no key, no payload and no result.
 */

import type { IdempotencyEvent } from '../index.ts';

/** An event of the library's in a form that survives JSON: of an error, its message. */
export type ToldEvent =
  | Exclude<IdempotencyEvent, { readonly type: 'store-failed' }>
  | {
      readonly type: 'store-failed';
      readonly id: string;
      readonly during: Extract<IdempotencyEvent, { readonly type: 'store-failed' }>['during'];
      readonly message: string;
    };

/** The sample's two tables, by what is in them. */
export type ObservedTable = 'idempotency' | 'cart';

export type StoreOutcome = 'done' | 'condition-failed' | 'failed';

/** What became of an answer: `client-gone` where nobody was there any more to take it. */
export type AnswerFate = 'sent' | 'lost' | 'client-gone';

export type Happening =
  | {
      readonly type: 'received';
      readonly method: string;
      readonly path: string;
      /** Who calls, where the demo header says so. */
      readonly caller?: string;
    }
  /** It will never be answered, and no function has seen it. */
  | { readonly type: 'request-lost' }
  | { readonly type: 'client-left'; readonly afterMs: number }
  | { readonly type: 'protocol'; readonly event: ToldEvent }
  | {
      readonly type: 'store-request';
      /** The reply has the same number. */
      readonly storeRequest: number;
      /** `PutItem`, as DynamoDB calls it. */
      readonly operation: string;
      readonly table: ObservedTable;
      /** The id of the record, or of the cart. */
      readonly itemId?: string;
    }
  | {
      readonly type: 'store-reply';
      readonly storeRequest: number;
      readonly operation: string;
      readonly table: ObservedTable;
      readonly outcome: StoreOutcome;
    }
  /** The function's process is gone, and will say no more. */
  | { readonly type: 'died'; readonly outcome: 'crashed' | 'timed-out' }
  | {
      readonly type: 'answered';
      readonly status: number;
      readonly replayed: boolean;
      /** Last part of the type of a problem document (RFC 9457): `in-progress`. */
      readonly problem?: string;
      readonly retryAfterSeconds?: number;
      readonly fate: AnswerFate;
    };

export type Observation = Happening & {
  /** Of the HTTP request that it belongs to. */
  readonly requestId: string;
  /** What the client calls the series of requests that this one is part of, in the header `x-demo-run`. */
  readonly run?: string;
  /** Epoch milliseconds. */
  readonly atMs: number;
};

export type Observer = (observation: Observation) => void;
