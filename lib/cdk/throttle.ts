/** Requests of all callers together; what goes beyond is answered with 429 by the gateway. */
export interface Throttle {
  /** Requests a second, on average. */
  readonly rateLimit: number;
  /** Requests at once. */
  readonly burstLimit: number;
}

/**
 * Far above what a trial needs, far below what an open URL could cost; the burst lets through a test that sends 50
 * requests at once, several times over.
 */
export const DEFAULT_THROTTLE: Throttle = { rateLimit: 100, burstLimit: 200 };
