/** Verdicts about the number of effects. */
import type { Verdict } from '../check.ts';
import { fail, PASS, unclear } from '../check.ts';
import type { Effects } from '../evidence.ts';

const HOW_TO_COUNT =
  'two runs give the same answer, so it does not show how often it ran; --effects-url says how to count';

/** `sameResult`: whether all answers of the operation are one result. */
export function oneEffect(effects: Effects, sameResult: boolean): Verdict {
  switch (effects.kind) {
    case 'counted':
      return effects.count === 1 ? PASS : fail(`${effects.count} effects were counted`);
    case 'by-answers':
      return sameResult ? PASS : fail('the answers are those of two runs');
    case 'unknown':
      return sameResult ? unclear(HOW_TO_COUNT) : fail('the answers differ');
  }
}

export function noEffect(effects: Effects): Verdict {
  if (effects.kind !== 'counted') return unclear('--effects-url says how to count effects');
  return effects.count === 0 ? PASS : fail(`${effects.count} effects were counted`);
}
