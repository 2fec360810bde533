import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { memoryStorage, type StorageLike, webStorage } from '../../lib/client/index.ts';
import { fileStorage } from '../../lib/client/node/index.ts';
import { describeOutboxStorage } from './storage-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'outbox-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `localStorage` as far as it is used; the real one is looked at in `test/browser`. */
function likeLocalStorage(): StorageLike {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => void items.set(name, value),
    removeItem: (name) => void items.delete(name),
  };
}

const memory = memoryStorage();
const local = likeLocalStorage();
describeOutboxStorage('memoryStorage', () => memory);
describeOutboxStorage('webStorage', () => webStorage(local));
describeOutboxStorage('fileStorage', () => fileStorage(join(folder, 'contract')));

describe('webStorage', () => {
  test('leaves what others have in the same storage alone', async () => {
    const shared = likeLocalStorage();
    shared.setItem('theirs', 'x');
    const storage = webStorage(shared);
    await storage.swap('ours', undefined, 'y');
    expect(await storage.ids()).toEqual(['ours']);
    expect(await storage.read('theirs')).toBeUndefined();
    expect(shared.getItem('theirs')).toBe('x');
  });
});

describe('fileStorage', () => {
  test('is for its owner alone, and leaves no drafts behind', async () => {
    const path = join(folder, randomUUID(), 'deep');
    const storage = fileStorage(path);
    await storage.swap('a', undefined, '1');
    await storage.swap('a', undefined, '2');
    await storage.swap('a', '1', '3');
    expect(readdirSync(path)).toEqual(['a.outbox']);
    expect([statSync(path).mode & 0o777, statSync(join(path, 'a.outbox')).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
  });

  test('sees no file that a process which died has not finished', async () => {
    const path = join(folder, randomUUID());
    const storage = fileStorage(path);
    await storage.ids();
    writeFileSync(join(path, 'a.outbox.1234.draft'), 'hal');
    expect([await storage.ids(), await storage.read('a')]).toEqual([[], undefined]);
  });

  test.each(['../a', 'a/b', '', '.'])('takes no id that leads out of its folder: %j', async (id) => {
    await expect(fileStorage(folder).read(id)).rejects.toMatchObject({ name: 'TypeError' });
  });
});
