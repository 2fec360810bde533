/**
 * Lost requests and lost replies, on demand, in local runs only. What is lost is met with silence, as on a network that
 * drops packets: a connection that breaks would tell the client at once, and browsers repeat such a request unasked.
 */

import type { IncomingHttpHeaders } from 'node:http';

export type Loss = 'request' | 'reply';

/** Each names the share of requests that fares so, in per cent. */
export const LOSS_HEADERS = ['x-demo-lose-requests', 'x-demo-lose-replies'] as const;

/** 0 to 100, or `undefined` for anything else. */
export function percentOf(text: string | undefined): number | undefined {
  const value = /^\d{1,3}$/.test(text ?? '') ? Number(text) : Number.NaN;
  return value <= 100 ? value : undefined;
}

/** Casts the dice for one request. A header that makes no sense loses nothing here; the function refuses it with a 400. */
export function lossOf(headers: IncomingHttpHeaders, random: () => number = Math.random): Loss | undefined {
  const [requests, replies] = LOSS_HEADERS.map((name) => percentOf(headers[name]?.toString()) ?? 0);
  if (random() * 100 < (requests ?? 0)) return 'request';
  if (random() * 100 < (replies ?? 0)) return 'reply';
  return undefined;
}
