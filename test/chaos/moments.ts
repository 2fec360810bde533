/** Where a request stands in its worker, in order: what a strike can aim at. */
export const MOMENTS = [
  /** The request has been read; nothing has been asked of the table. */
  'arrived',
  /** The handler runs: the lock is held, and nothing has had an effect yet. */
  'handler begun',
  /** Nothing has had an effect, and the handler will throw. */
  'about to fail',
  /** The first effect is there and the second is not. */
  'effect logged',
  /** All effects are there and the record does not say so. */
  'row put',
  /** The library has done its part; the answer has not been sent. */
  'answer made',
] as const;
export type Moment = (typeof MOMENTS)[number];

export function isMoment(what: string): what is Moment {
  return (MOMENTS as readonly string[]).includes(what);
}
