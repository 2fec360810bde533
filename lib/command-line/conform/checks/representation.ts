import { got, problemFault, sameResult } from '../answers.ts';
import { type Check, passIf, unclear } from '../check.ts';
import type { Answer } from '../exchange.ts';

export const REPRESENTATION: readonly Check[] = [
  {
    id: 'replay-marked',
    title: 'A replay carries Idempotent-Replayed: true, and a first answer does not',
    level: 'profile',
    source: 'docs/conform.md',
    judge: async (evidence) => {
      const { first, retry } = await evidence.sequence();
      const marks = [first, retry].map(({ headers }) => headers['idempotent-replayed']);
      return passIf(
        marks[0] === undefined && marks[1] === 'true',
        `got ${marks.map(String).join(', then ')}`,
      );
    },
  },
  {
    id: 'json-by-value',
    title: 'The same JSON in another spelling is the same payload',
    level: 'profile',
    source: '2.4',
    judge: async (evidence) => {
      const { operation, answer } = await evidence.single(() => ({}));
      const body = evidence.target.respelledBodyOf(operation);
      if (body === undefined) return unclear('the body is no JSON object');
      const respelled = await evidence.target.send(operation, { body });
      return passIf(sameResult(answer, respelled), got(respelled));
    },
  },
  problem('problem-400', 'The answer to a missing key is a problem document', async (evidence) => {
    const { answer } = await evidence.withoutKey();
    return answer;
  }),
  problem('problem-422', 'The answer to a reused key is a problem document', async (evidence) => {
    const { other } = await evidence.reuse();
    return other;
  }),
  problem('problem-409', 'The answer to a retry in progress is a problem document', async (evidence) => {
    const { answers } = await evidence.contest();
    return answers.find(({ status }) => status === 409);
  }),
];

function problem(
  id: string,
  title: string,
  find: (evidence: Parameters<Check['judge']>[0]) => Promise<Answer | undefined>,
): Check {
  return {
    id,
    title,
    level: 'profile',
    source: 'RFC 9457',
    judge: async (evidence) => {
      const answer = await find(evidence);
      if (answer === undefined || answer.status < 400) return unclear('there was no such answer');
      const fault = problemFault(answer);
      return passIf(fault === undefined, fault ?? '');
    },
  };
}
