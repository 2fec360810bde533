import type { Evidence } from './evidence.ts';

/** The revision whose sections the checks name. */
export const DRAFT = 'draft-ietf-httpapi-idempotency-key-header-06';

/**
 * `draft` is what the draft asks for, in the words MUST and SHOULD or as a recommendation. `profile` is what this library
 * answers beyond it (docs/conform.md), where the draft leaves the choice to the API or other documents have the word.
 */
export type Level = 'draft' | 'profile';

export interface Check {
  readonly id: string;
  /** A sentence about what is right. */
  readonly title: string;
  readonly level: Level;
  /** Section of the draft, or the document that says it. */
  readonly source: string;
  judge(evidence: Evidence): Promise<Verdict>;
}

/** `unclear`: it could not be seen, and `detail` says what would let it be seen. */
export type Outcome = 'pass' | 'fail' | 'unclear';

export interface Verdict {
  readonly outcome: Outcome;
  readonly detail?: string;
}

export const PASS: Verdict = Object.freeze({ outcome: 'pass' });

export function fail(detail: string): Verdict {
  return { outcome: 'fail', detail };
}

export function unclear(detail: string): Verdict {
  return { outcome: 'unclear', detail };
}

export function passIf(condition: boolean, otherwise: string): Verdict {
  return condition ? PASS : fail(otherwise);
}
