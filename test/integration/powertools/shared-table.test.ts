/**
 * One table, Powertools and this library on it: every pairing of who holds a key and who comes for it, with the real
 * package. What is expected is the table of docs/powertools.md.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createIdempotencyTable } from '../../support/dynamodb.ts';
import { EXPECTED, withoutEmphasis } from './expected-pairings.ts';
import { play, SITUATIONS, type Situation } from './pairings.ts';
import { PARTICIPANTS, type Participant } from './participants.ts';

/** `Object.keys` forgets the names that these objects are declared with. */
const everybody = Object.keys(PARTICIPANTS) as Participant[];
const situations = Object.keys(SITUATIONS) as Situation[];

let tableName: string;
beforeAll(async () => {
  tableName = await createIdempotencyTable();
});

describe.each(situations)('%s', (situation) => {
  test.each(everybody)('%s holds the key, and everybody comes for it', async (holder) => {
    const outcomes = await Promise.all(
      everybody.map(async (comer) => [comer, await play(situation, holder, comer, tableName)]),
    );
    expect(Object.fromEntries(outcomes)).toEqual(
      Object.fromEntries(everybody.map((comer) => [comer, expectedOf(situation, holder, comer)])),
    );
  });
});

function expectedOf(situation: Situation, holder: Participant, comer: Participant): string | undefined {
  const row = EXPECTED.find(
    (candidate) =>
      candidate.situation === situation && candidate.holders.includes(PARTICIPANTS[holder].family),
  );
  return row && withoutEmphasis(row.outcomes[PARTICIPANTS[comer].family]);
}
