import { isSuccess, sameResult, statuses } from '../answers.ts';
import { type Check, fail, PASS, passIf, unclear } from '../check.ts';
import type { Contest } from '../evidence.ts';
import { oneEffect } from './effects.ts';

const NOT_MET = unclear(
  'no request was refused: the operation may be over before the others arrive; --slow-header makes it take longer, --parallel sends more',
);

export const CONCURRENCY: readonly Check[] = [
  {
    id: 'concurrent-one-result',
    title: 'Of several requests at once, all that succeed get one result',
    level: 'draft',
    source: '2.6',
    judge: async (evidence) => {
      const { answers, effects } = await evidence.contest();
      const succeeded = answers.filter(isSuccess);
      const [first] = succeeded;
      if (first === undefined) return fail(`none succeeded: ${statuses(answers)}`);
      return oneEffect(effects, haveOneResult(succeeded));
    },
  },
  {
    id: 'concurrent-conflict',
    title: 'A retry while the first request is processed gets 409',
    level: 'draft',
    source: '2.7',
    judge: async (evidence) => {
      const { answers } = await evidence.contest();
      const refused = answers.filter((answer) => !isSuccess(answer));
      if (refused.length > 0)
        return passIf(
          refused.every(({ status }) => status === 409),
          statuses(answers),
        );
      return haveOneResult(answers) ? NOT_MET : fail(`all ran: ${statuses(answers)}`);
    },
  },
  {
    id: 'concurrent-explained',
    title: 'That answer has a body that describes the problem, or a Link to documentation',
    level: 'draft',
    source: '2.7',
    judge: async (evidence) => {
      const conflict = conflictOf(await evidence.contest());
      if (conflict === undefined) return NOT_MET;
      return passIf(conflict.body.trim() !== '' || conflict.headers.link !== undefined, 'it has neither');
    },
  },
  {
    id: 'refusal-keeps-lock',
    title: 'A request that was refused leaves the running one alone: a third one does not run either',
    level: 'draft',
    source: '2.6',
    judge: async (evidence) => {
      const { answers, third } = await evidence.refusal();
      if (third === undefined) return NOT_MET;
      if (!isSuccess(third)) return passIf(third.status === 409, statuses([third]));
      return passIf(haveOneResult([...answers, third].filter(isSuccess)), 'the third one ran');
    },
  },
  {
    id: 'concurrent-settled',
    title: 'A retry after all that gets the result of the one that ran',
    level: 'draft',
    source: '2.6',
    judge: async (evidence) => {
      const { answers, retry } = await evidence.contest();
      const first = answers.find(isSuccess);
      if (first === undefined) return fail(`none succeeded: ${statuses(answers)}`);
      return sameResult(first, retry) ? PASS : fail('it gets another one');
    },
  },
  {
    id: 'retry-after',
    title: 'A 409 says in Retry-After, in whole seconds, when to come again',
    level: 'profile',
    source: 'RFC 9110, 10.2.3',
    judge: async (evidence) => {
      const conflict = conflictOf(await evidence.contest());
      if (conflict === undefined) return NOT_MET;
      const value = conflict.headers['retry-after'] ?? 'missing';
      return passIf(/^[1-9]\d*$/.test(value), `Retry-After is ${value}`);
    },
  },
  {
    id: 'key-reused-in-progress',
    title: 'A key with another payload gets 422 also while the first request is processed',
    level: 'profile',
    source: '2.7',
    judge: async (evidence) => {
      const { otherPayload } = await evidence.refusal();
      if (otherPayload === undefined) return NOT_MET;
      return passIf(otherPayload.status === 422, statuses([otherPayload]));
    },
  },
];

function conflictOf({ answers }: Contest) {
  return answers.find(({ status }) => status === 409);
}

function haveOneResult(succeeded: Contest['answers']): boolean {
  const [first] = succeeded;
  return first === undefined || succeeded.every((answer) => sameResult(first, answer));
}
