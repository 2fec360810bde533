import { got, pointsToDocumentation, sameResult } from '../answers.ts';
import { type Check, passIf, unclear } from '../check.ts';
import { oneEffect } from './effects.ts';

const NO_OTHER_PAYLOAD = unclear('the body is no JSON object; --other-body gives another payload');

export const REUSED_KEY: readonly Check[] = [
  {
    id: 'key-reused',
    title: 'A known key with another payload gets 422',
    level: 'draft',
    source: '2.7',
    judge: async (evidence) => {
      const { other } = await evidence.reuse();
      return other === undefined ? NO_OTHER_PAYLOAD : passIf(other.status === 422, got(other));
    },
  },
  {
    id: 'key-reused-explained',
    title: 'That answer has a link to documentation, in its body or in Link',
    level: 'draft',
    source: '2.7',
    judge: async (evidence) => {
      const { other } = await evidence.reuse();
      if (other === undefined) return NO_OTHER_PAYLOAD;
      if (other.status < 400) return unclear('the request was not refused');
      return passIf(pointsToDocumentation(other), 'it has none');
    },
  },
  {
    id: 'key-reused-harmless',
    title: 'The refusal leaves the first result in place: a retry with the first payload gets it',
    level: 'draft',
    source: '2.6',
    judge: async (evidence) => {
      const { first, other, again, effects } = await evidence.reuse();
      if (other === undefined) return NO_OTHER_PAYLOAD;
      return sameResult(first, again) ? oneEffectOrSame(effects) : passIf(false, got(again));
    },
  },
];

/** The same result is the point here; the number of effects counts where it is known. */
function oneEffectOrSame(effects: Parameters<typeof oneEffect>[0]) {
  return effects.kind === 'counted' ? oneEffect(effects, true) : passIf(true, '');
}
