import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutboxStorage } from '../outbox-storage.ts';

/** Of the files that are complete; what is being written has another name. */
const SUFFIX = '.outbox';
/** The ids are ours: letters, digits and hyphens. Anything else would be somebody's way out of the folder. */
const ID = /^[A-Za-z0-9-]{1,200}$/;

/**
 * An outbox of files in a folder, one an operation, for a service or a command-line tool. The folder is made where it is missing,
 * readable by its owner alone, since requests may be private. What a call has written is on the disk when it resolves, the
 * directory's entry included, and survives a crash of the process and of the machine.
 *
 * A file appears whole or not at all (hard link), and of several processes that make the same one, one succeeds. To replace
 * or remove one is a look and an act, between which another process can come in; only leases that have lapsed and entries that
 * have been settled are dealt with in this way, where the worst outcome is that a key is sent twice at once.
 */
export function fileStorage(folder: string): OutboxStorage {
  const ready = once(() => mkdir(folder, { recursive: true, mode: 0o700 }));
  const alone = oneAfterTheOther();
  const pathOf = (id: string) => {
    if (!ID.test(id)) throw new TypeError('An id in this storage is made of letters, digits and hyphens.');
    return join(folder, id + SUFFIX);
  };

  async function swap(id: string, expected: string | undefined, next: string | undefined) {
    const path = pathOf(id);
    await ready();
    if (expected === undefined) {
      return next === undefined ? readIfThere(path) : create(path, next);
    }
    const found = await readIfThere(path);
    if (found !== expected) return found;
    if (next === undefined) await rm(path, { force: true });
    else await rename(await writeBeside(path, next), path);
    await syncFolder(folder);
    return found;
  }

  /** @returns what was there instead */
  async function create(path: string, text: string): Promise<string | undefined> {
    const draft = await writeBeside(path, text);
    try {
      while (!(await linkUnlessThere(draft, path))) {
        const found = await readIfThere(path);
        if (found !== undefined) return found;
        // Taken away between the two: then the name is free again.
      }
    } finally {
      await rm(draft, { force: true });
    }
    await syncFolder(folder);
    return undefined;
  }

  return {
    ids: async () => {
      await ready();
      const names = await readdir(folder);
      return names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
    },
    read: async (id) => readIfThere(pathOf(id)),
    swap: (id, expected, next) => alone(() => swap(id, expected, next)),
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function writeBeside(path: string, text: string): Promise<string> {
  const draft = `${path}.${randomUUID()}.draft`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

async function linkUnlessThere(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Without it, a new name may be lost with the machine although its file is not. */
async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders, and writes its names down by itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === code;
}

function once(work: () => Promise<unknown>): () => Promise<unknown> {
  let done: Promise<unknown> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

/** Within this process, no swap comes between another one's look and act. */
function oneAfterTheOther() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
}
