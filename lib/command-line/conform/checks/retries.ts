import { got, isReplayOf, isSuccess, sameBody, sameResult } from '../answers.ts';
import { type Check, fail, PASS, passIf, unclear } from '../check.ts';
import { oneEffect } from './effects.ts';

export const RETRIES: readonly Check[] = [
  {
    id: 'first-request',
    title: 'A first request is processed',
    level: 'draft',
    source: '2.6',
    judge: async (evidence) => {
      const { first } = await evidence.sequence();
      return passIf(isSuccess(first), got(first));
    },
  },
  {
    id: 'retry-same-result',
    title: 'A retry after completion gets the result of the first request; 200 may stand for 201',
    level: 'draft',
    source: '2.6',
    judge: async (evidence) => {
      const { first, retry } = await evidence.sequence();
      if (isReplayOf(first, retry)) return PASS;
      return fail(sameBody(first, retry) ? got(retry) : `${got(retry)} and another body`);
    },
  },
  {
    id: 'retry-one-effect',
    title: 'A retry after completion has no second effect',
    level: 'draft',
    source: '2.6',
    judge: async (evidence) => {
      const { first, retry, effects } = await evidence.sequence();
      return oneEffect(effects, sameResult(first, retry));
    },
  },
  {
    id: 'new-key-new-operation',
    title: 'The same payload under a new key is a new operation',
    level: 'draft',
    source: '2.2',
    judge: async (evidence) => {
      if (await evidence.answersTellRuns()) return PASS;
      const operation = evidence.target.newOperation();
      const answers = [
        await evidence.target.send(operation),
        await evidence.target.send(evidence.target.newOperation(operation)),
      ];
      if (!answers.every(isSuccess)) return fail('one of two operations was refused');
      const count = await evidence.target.effectsOf(operation);
      if (count === undefined)
        return unclear('two runs give the same answer; --effects-url says how to count');
      return passIf(count === 2, `two operations had ${count} effects`);
    },
  },
];
