/** What happened to one key, in order, as a person can read it. */
import { describeAnswer } from './answer.ts';
import type { Outcome } from './client.ts';
import type { KeyStory } from './key-story.ts';

export function historyOf({ operation, tries, requests, executions, rows, record }: KeyStory): string {
  const lines: { readonly atMs: number; readonly text: string }[] = [];
  const tell = (atMs: number, text: string) => lines.push({ atMs, text });

  for (const { request, purpose, worker, sentAtMs, endedAtMs, outcome } of tries) {
    tell(sentAtMs, `request ${request} is sent to worker ${worker} (${purpose})`);
    tell(endedAtMs, `request ${request} ended for its client: ${describeOutcome(outcome)}`);
  }
  for (const [request, { worker, notes, leaseEndsAtMs, blows }] of requests) {
    for (const { atMs, what, attempt, answer } of notes) {
      const details = [
        attempt === undefined ? '' : ` (attempt ${attempt})`,
        answer === undefined ? '' : `: ${describeAnswer(answer)}`,
      ];
      tell(atMs, `  worker ${worker}, request ${request}: ${what}${details.join('')}`);
    }
    if (leaseEndsAtMs !== undefined) tell(leaseEndsAtMs, `  the lease of request ${request} ends`);
    for (const { kind, atMs, untilMs } of blows) {
      tell(atMs, `  ${kind.toUpperCase()} of worker ${worker}, which serves request ${request}`);
      if (untilMs !== undefined) tell(untilMs, `  worker ${worker} goes on`);
    }
  }
  const startMs = Math.min(...lines.map(({ atMs }) => atMs));
  const sorted = lines.toSorted((one, other) => one.atMs - other.atMs);
  return [
    `Operation ${operation.number}, key ${operation.key}, onUncertain '${operation.onUncertain}'`,
    ...sorted.map(({ atMs, text }) => `${`${atMs - startMs} ms`.padStart(10)}  ${text}`),
    `  executions: ${executions.map(({ executionId, request }) => `${executionId.slice(0, 8)} of request ${request}`).join(', ') || 'none'}`,
    `  rows: ${rows.length}${rows.length === 0 ? '' : `, in database ${rows.map(({ database }) => database + 1).join(' and ')}`}`,
    record === undefined
      ? '  record: none'
      : `  record: ${record.status}, attempt ${record.attempt}, request ${record.ownerRequest}${record.answer === undefined ? '' : `, ${describeAnswer(record.answer)}`}`,
  ].join('\n');
}

function describeOutcome(outcome: Outcome): string {
  return outcome.kind === 'no answer' ? outcome.reason : describeAnswer(outcome);
}
