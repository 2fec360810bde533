import { got, pointsToDocumentation } from '../answers.ts';
import { type Check, passIf, unclear } from '../check.ts';
import { noEffect } from './effects.ts';

export const MISSING_KEY: readonly Check[] = [
  {
    id: 'key-missing',
    title: 'A request without a key gets 400',
    level: 'draft',
    source: '2.7',
    judge: async (evidence) => {
      const { answer } = await evidence.withoutKey();
      return passIf(answer.status === 400, got(answer));
    },
  },
  {
    id: 'key-missing-explained',
    title: 'That answer has a link to documentation, in its body or in Link',
    level: 'draft',
    source: '2.7',
    judge: async (evidence) => {
      const { answer } = await evidence.withoutKey();
      if (answer.status < 400) return unclear('the request was not refused');
      return passIf(pointsToDocumentation(answer), 'it has none');
    },
  },
  {
    id: 'key-missing-no-effect',
    title: 'A request that was refused for want of a key had no effect',
    level: 'draft',
    source: '2.7',
    judge: async (evidence) => {
      const { answer, effects } = await evidence.withoutKey();
      return answer.status < 400 ? unclear('the request was not refused') : noEffect(effects);
    },
  },
];
