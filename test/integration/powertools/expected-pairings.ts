/** The table of docs/powertools.md, which a test of the documentation compares with this. */
import type { Situation } from './pairings.ts';
import type { Family } from './participants.ts';

export interface ExpectedRow {
  readonly situation: Situation;
  readonly holders: readonly Family[];
  readonly outcomes: Readonly<Record<Family, string>>;
}

const POWERTOOLS: readonly Family[] = ['Powertools', 'Powertools, Middy'];
const CONDITIONAL: readonly Family[] = ['owned layer', 'this library'];
const ANYBODY: readonly Family[] = [...POWERTOOLS, ...CONDITIONAL];

function always(outcome: string): ExpectedRow['outcomes'] {
  return {
    Powertools: outcome,
    'Powertools, Middy': outcome,
    'owned layer': outcome,
    'this library': outcome,
  };
}

export const EXPECTED: readonly ExpectedRow[] = [
  { situation: 'The holder has finished', holders: ANYBODY, outcomes: always('replayed') },
  {
    situation: 'The holder is running',
    holders: ANYBODY,
    outcomes: {
      ...always('refused'),
      'Powertools, Middy': 'refused, **and the lock is gone**; recorded in the end',
    },
  },
  { situation: 'The holder has failed', holders: ANYBODY, outcomes: always('runs') },
  {
    situation: 'The payload is another one',
    holders: ANYBODY,
    outcomes: { ...always('refused'), 'Powertools, Middy': 'refused, **and the result is gone**' },
  },
  {
    situation: 'The holder has died, its lock has run out',
    holders: ANYBODY,
    outcomes: always('takes over'),
  },
  {
    situation: 'Overtaken; the comer ends, then the holder succeeds',
    holders: POWERTOOLS,
    outcomes: always('**the result is overwritten**; the holder is told its own result'),
  },
  {
    situation: 'Overtaken; the comer ends, then the holder succeeds',
    holders: ['owned layer'],
    outcomes: always('the result stands; the holder is told to come again'),
  },
  {
    situation: 'Overtaken; the comer ends, then the holder succeeds',
    holders: ['this library'],
    outcomes: always("the result stands; the holder is told the other's result"),
  },
  {
    situation: 'Overtaken; the comer ends, then the holder fails',
    holders: POWERTOOLS,
    outcomes: always('**the result is gone**'),
  },
  {
    situation: 'Overtaken; the comer ends, then the holder fails',
    holders: CONDITIONAL,
    outcomes: always('the result stands'),
  },
  {
    situation: 'Overtaken; the holder succeeds, then the comer ends',
    holders: POWERTOOLS,
    outcomes: {
      ...always(
        'the lock becomes the result of the holder, **and is overwritten**; the comer is told its own result',
      ),
      'owned layer': 'the lock becomes the result of the holder; the comer is told to come again',
      'this library': "the lock becomes the result of the holder; the comer is told the other's result",
    },
  },
  {
    situation: 'Overtaken; the holder succeeds, then the comer ends',
    holders: CONDITIONAL,
    outcomes: always('the lock stands; the comer is told its own result'),
  },
  {
    situation: 'Overtaken; the holder fails, then the comer ends',
    holders: POWERTOOLS,
    outcomes: always('**the lock is gone**; recorded in the end'),
  },
  {
    situation: 'Overtaken; the holder fails, then the comer ends',
    holders: CONDITIONAL,
    outcomes: always('the result stands'),
  },
];

/** Bold is what breaks a promise. */
export function withoutEmphasis(outcome: string): string {
  return outcome.replaceAll('**', '');
}

export function tableOfPairings(): string {
  const comers: readonly Family[] = ANYBODY;
  const rows = EXPECTED.map(({ situation, holders, outcomes }) => [
    situation,
    holders.length === ANYBODY.length
      ? 'anybody'
      : holders
          .map((holder) => holder.split(',')[0])
          .filter(isFirst)
          .join(', '),
    ...comers.map((comer) => outcomes[comer]),
  ]);
  const head = ['situation', 'holder', ...comers.map((comer) => `comer: ${comer}`)];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function isFirst(value: string | undefined, index: number, all: readonly (string | undefined)[]): boolean {
  return all.indexOf(value) === index;
}
