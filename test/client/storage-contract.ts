/** What every outbox storage promises. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { OutboxStorage } from '../../lib/client/index.ts';

/** @param open - another look at the same storage, as another tab or process has it */
export function describeOutboxStorage(name: string, open: () => OutboxStorage): void {
  describe(`${name} as an outbox storage`, () => {
    const newId = () => `test-${randomUUID()}`;

    test('keeps a text for whoever looks later', async () => {
      const id = newId();
      expect(await open().read(id)).toBeUndefined();
      expect(await open().swap(id, undefined, 'ä "1"\n2')).toBeUndefined();
      expect(await open().read(id)).toBe('ä "1"\n2');
      expect(await open().ids()).toContain(id);
    });

    test('replaces and removes only what is expected', async () => {
      const storage = open();
      const id = newId();
      await storage.swap(id, undefined, 'a');
      expect(await storage.swap(id, undefined, 'b')).toBe('a');
      expect(await storage.swap(id, 'b', undefined)).toBe('a');
      expect(await storage.read(id)).toBe('a');
      expect(await storage.swap(id, 'a', 'b')).toBe('a');
      expect(await storage.swap(id, 'a', undefined)).toBe('b');
      expect(await storage.swap(id, 'b', undefined)).toBe('b');
      expect(await storage.read(id)).toBeUndefined();
      expect(await storage.ids()).not.toContain(id);
      expect(await storage.swap(id, 'b', 'c')).toBeUndefined();
      expect(await storage.read(id)).toBeUndefined();
    });

    test('of many who begin at once, one is the first, and all know which', async () => {
      const id = newId();
      const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
      const found = await Promise.all(texts.map((text) => open().swap(id, undefined, text)));
      const winner = await open().read(id);
      expect(found.filter((text) => text === undefined)).toHaveLength(1);
      expect(found.indexOf(undefined)).toBe(texts.indexOf(winner ?? ''));
      expect(new Set(found.filter((text) => text !== undefined))).toEqual(new Set([winner]));
    });
  });
}
