import type { Header } from '../arguments.ts';

/** How an operation of the API is requested, and what the suite may know about it. */
export interface ConformSettings {
  /** May hold `{{uuid}}`, as the bodies may: one UUID an operation, the same on each of its retries. */
  readonly url: string;
  readonly method: string;
  readonly body: string | undefined;
  /** Another payload for the same operation. */
  readonly otherBody: string | undefined;
  readonly headers: readonly Header[];
  /** Replace those of `headers` with the same names, for a request by another caller. */
  readonly otherCaller: readonly Header[] | undefined;
  readonly keyHeader: string;
  readonly keyFormat: KeyFormat;
  /** Make an operation take long enough to be met while it runs. */
  readonly slowHeaders: readonly Header[];
  readonly effects: EffectsQuery | undefined;
  /** Of each request. */
  readonly timeoutMs: number;
  /** Requests of one operation that are sent at once. */
  readonly parallel: number;
}

/** `quoted` is the structured-field string that the draft asks for, `bare` what most APIs in use take. */
export const KEY_FORMATS = ['quoted', 'bare'] as const;
export type KeyFormat = (typeof KEY_FORMATS)[number];

/** A GET that tells how often an operation took effect. */
export interface EffectsQuery {
  readonly url: string;
  /** JSON Pointer (RFC 6901) to a list, whose length counts, or to a number. Empty for the whole document. */
  readonly pointer: string;
}
