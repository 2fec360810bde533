/** `not-checked`: it could not be looked at, and `found` says what was missing. */
export type Verdict = 'ok' | 'warning' | 'problem' | 'not-checked';

export interface Diagnosis {
  readonly id: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What would be right, where it is not. */
  readonly right?: string;
  readonly why?: string;
}

export interface Advice {
  readonly found: string;
  readonly right: string;
  readonly why: string;
}

export const ok = (id: string, found: string): Diagnosis => ({ id, verdict: 'ok', found });
export const warning = (id: string, advice: Advice): Diagnosis => ({ id, verdict: 'warning', ...advice });
export const problem = (id: string, advice: Advice): Diagnosis => ({ id, verdict: 'problem', ...advice });
export const notChecked = (id: string, found: string): Diagnosis => ({ id, verdict: 'not-checked', found });

/**
 * Why an action was refused, if it was refused for want of a permission or because the engine does not have it.
 * Anything else is for the caller to throw.
 */
export function refusalOf(error: unknown, action: string): string | undefined {
  const { name } = Object(error) as { readonly name?: string };
  if (name === 'AccessDeniedException') return `needs the permission ${action}`;
  if (name === 'UnknownOperationException') return 'this engine does not have it';
  return undefined;
}
