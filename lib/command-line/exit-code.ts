/** What the process ends with. Documented in docs/operating.md and docs/conform.md, and part of the interface. */
export const EXIT = Object.freeze({
  /** Done, or all is well. */
  ok: 0,
  /** The answer is no: a check failed, there is no such record, a write was refused, the question was answered with no. */
  no: 1,
  /** The command line is wrong; nothing was done. */
  usage: 2,
  /** It could not be found out: no network, no table, no permission. */
  unknown: 3,
});

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
