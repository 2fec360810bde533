/**
 * Largest result that a record keeps, in UTF-8 bytes of its JSON. Lambda answers a synchronous invocation with at
 * most 6 MB ("Lambda quotas", AWS Lambda Developer Guide; the runtime refuses more than 6,291,556 bytes): whatever a
 * caller can have got can be replayed, and the 100 bytes between the two are room for what a replay adds,
 * `Idempotent-Replayed`.
 */
export const RESULT_MAX_BYTES = 6 * 1024 * 1024;
