import { CommandError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import { got, isSuccess } from './answers.ts';
import { type Check, fail, type Level, type Outcome, unclear, type Verdict } from './check.ts';
import { Evidence } from './evidence.ts';
import type { ConformSettings } from './settings.ts';
import { Target } from './target.ts';

export type Finding = Omit<Check, 'judge'> & Verdict;

/**
 * Plays the checks, one after the other.
 * @throws CommandError with exit code 3 if not even a first request is answered
 */
export async function runChecks(
  settings: ConformSettings,
  checks: readonly Check[],
  onFinding: (finding: Finding) => void = () => {},
): Promise<readonly Finding[]> {
  const evidence = new Evidence(new Target(settings));
  const refusal = await firstRefusal(evidence);
  const findings: Finding[] = [];
  for (const check of checks) {
    const { judge, ...about } = check;
    const presumes = refusal !== undefined && check.id !== 'first-request';
    const verdict = presumes ? unclear(refusal) : await judged(judge, evidence);
    const finding = { ...about, ...verdict };
    onFinding(finding);
    findings.push(finding);
  }
  return findings;
}

/** Why nothing else can be seen, or `undefined`. */
async function firstRefusal(evidence: Evidence): Promise<string | undefined> {
  try {
    const { first } = await evidence.sequence();
    return isSuccess(first)
      ? undefined
      : `a first request is not processed (${got(first)}): look at --body, --header and --key-format`;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${evidence.target.settings.url} does not answer: ${(error as Error).message}.`, {
      exitCode: EXIT.unknown,
      cause: error,
    });
  }
}

async function judged(judge: Check['judge'], evidence: Evidence): Promise<Verdict> {
  try {
    return await judge(evidence);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    return fail((error as Error).message);
  }
}

export type Counts = Readonly<Record<Outcome, number>>;

export function countsOf(findings: readonly Finding[], level: Level): Counts {
  const counts = { pass: 0, fail: 0, unclear: 0 };
  for (const finding of findings) if (finding.level === level) counts[finding.outcome] += 1;
  return counts;
}
