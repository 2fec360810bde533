import { describe, expect, test } from '@jest/globals';
import { lossOf } from '../../../lib/local/demo-loss.ts';

function lost(headers: Record<string, string>, ...dice: number[]) {
  return lossOf(headers, () => dice.shift() ?? 0.999);
}

describe('loss on demand', () => {
  test.each([
    ['nothing is asked for', {}, [0, 0], undefined],
    ['the dice fall below the share of requests', { 'x-demo-lose-requests': '30' }, [0.29], 'request'],
    ['they fall on it', { 'x-demo-lose-requests': '30' }, [0.3], undefined],
    ['they fall below the share of replies', { 'x-demo-lose-replies': '1' }, [0.5, 0.009], 'reply'],
    [
      'both are asked for',
      { 'x-demo-lose-requests': '100', 'x-demo-lose-replies': '100' },
      [0, 0],
      'request',
    ],
    ['the share makes no sense', { 'x-demo-lose-requests': '101' }, [0, 0], undefined],
  ])('where %s', (_when, headers, dice, expected) => {
    expect(lost(headers, ...dice)).toBe(expected);
  });

  test('at 100 per cent loses everything, and at 0 nothing', () => {
    for (let cast = 0; cast < 1_000; cast += 1) {
      expect(lossOf({ 'x-demo-lose-replies': '100' })).toBe('reply');
      expect(lossOf({ 'x-demo-lose-replies': '0' })).toBeUndefined();
    }
  });
});
