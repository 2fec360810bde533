import { sha256 } from './digest.ts';
import { ClientConfigurationError, OutboxFullError, OutboxUnavailableError } from './errors.ts';
import { checksOf, withoutUndefined } from './option-checks.ts';
import { type OutboxEntry, readEntry, writeEntry } from './outbox-entry.ts';
import { OUTBOX_DEFAULTS, type OutboxOptions } from './outbox-options.ts';
import { memoryStorage } from './outbox-storage.ts';

/** An entry as it lies in the storage. */
export interface KeptEntry {
  readonly id: string;
  readonly text: string;
  readonly entry: OutboxEntry;
  /** It was there already, so that an earlier try of it may have taken effect. */
  readonly found: boolean;
}

export interface UnsettledEntry extends KeptEntry {
  readonly expired: boolean;
}

/** Clocks that are set right while an operation waits; more than this back, and its age is not known. */
const CLOCK_SET_BACK_MAX_MS = 60_000;
const PREFIX = 'operation-';

export type Outbox = ReturnType<typeof openOutbox>;

/**
 * The operations of one scope that are not settled.
 * @throws ClientConfigurationError for wrong options
 */
export function openOutbox(
  options: OutboxOptions | undefined,
  client: { readonly retentionSeconds: number; readonly deadlineMs: number; readonly now: () => number },
) {
  const given = options ?? { storage: memoryStorage() };
  checkOptions(given);
  const settings = { ...OUTBOX_DEFAULTS, ...withoutUndefined(given), storage: given.storage };
  // A day of retention and half a day of age by default; a shorter retention brings the default age down with it.
  const maxAgeMs =
    1000 * (given.maxAgeSeconds ?? Math.min(settings.maxAgeSeconds, client.retentionSeconds / 2));
  if (maxAgeMs + client.deadlineMs > client.retentionSeconds * 1000) {
    throw new ClientConfigurationError(
      `Option "outbox.maxAgeSeconds" (${maxAgeMs / 1000}) and "deadlineMs" (${client.deadlineMs}) together must not exceed "retentionSeconds" (${client.retentionSeconds}): the last try has to come while the server remembers the key. Lower the first.`,
    );
  }
  const { storage } = settings;
  const prefix = sha256(settings.scope).then((scope) => `${PREFIX}${scope.slice(0, 16)}-`);
  prefix.catch(() => {}); // Where there is no digest, the first call says so.

  const idOf = async (name: string) => (await prefix) + (await sha256(name));
  const ownIds = async () => {
    const own = await prefix;
    return (await reached(storage.ids())).filter((id) => id.startsWith(own));
  };
  const isExpired = ({ createdAtMs }: OutboxEntry) => {
    const ageMs = client.now() - createdAtMs;
    return ageMs > maxAgeMs || ageMs < -CLOCK_SET_BACK_MAX_MS;
  };

  return {
    storage,
    leaseMs: settings.leaseMs,
    idOf,
    isExpired,

    /**
     * The entry of this name, made now if there is none. Whoever asks first makes the key, for everybody.
     * @throws OutboxFullError, OutboxUnavailableError
     */
    async keep(id: string, make: () => OutboxEntry): Promise<KeptEntry> {
      let found = await reached(storage.read(id));
      if (found === undefined) {
        if ((await ownIds()).length >= settings.maxEntries) throw new OutboxFullError(settings.maxEntries);
        const entry = make();
        const text = writeEntry(entry, settings.keepHeaders);
        found = await reached(storage.swap(id, undefined, text));
        if (found === undefined) return { id, text, entry, found: false };
      }
      const entry = readEntry(found);
      if (entry === undefined) {
        throw new OutboxUnavailableError(
          'An unsettled operation of this name lies in the outbox in a form that this version cannot read.',
        );
      }
      return { id, text: found, entry, found: true };
    },

    /** Whether the entry is still there, unchanged. */
    async holds({ id, text }: KeptEntry): Promise<boolean> {
      return (await reached(storage.read(id))) === text;
    },

    /** Forgets it, unless it has become another one meanwhile. */
    async remove({ id, text }: Pick<KeptEntry, 'id' | 'text'>): Promise<void> {
      await reached(storage.swap(id, text, undefined));
    },

    /** Gives up whatever lies under this name. */
    async forget(name: string): Promise<void> {
      const id = await idOf(name);
      const text = await reached(storage.read(id));
      if (text !== undefined) await reached(storage.swap(id, text, undefined));
    },

    /** All that this version can read, oldest first. */
    async unsettled(): Promise<UnsettledEntry[]> {
      const texts = await Promise.all(
        (await ownIds()).map(async (id) => ({ id, text: await reached(storage.read(id)) })),
      );
      const kept = texts.flatMap(({ id, text }) => {
        const entry = text === undefined ? undefined : readEntry(text);
        if (text === undefined || entry === undefined) return [];
        return [{ id, text, entry, found: true, expired: isExpired(entry) }];
      });
      return kept.sort((a, b) => a.entry.createdAtMs - b.entry.createdAtMs);
    },
  };
}

function checkOptions(options: OutboxOptions): void {
  const checks = checksOf(options, 'outbox.');
  checks.known(['storage', ...Object.keys(OUTBOX_DEFAULTS)]);
  checks.text('scope');
  checks.wholeNumber('maxEntries', 1);
  checks.wholeNumber('maxAgeSeconds', 1);
  checks.tokens('keepHeaders');
  checks.wholeNumber('leaseMs', 1);
  if (typeof options.storage?.swap !== 'function') {
    throw new ClientConfigurationError(
      'Option "outbox.storage" has to be a storage, such as indexedDbStorage().',
    );
  }
}

async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new OutboxUnavailableError('The outbox could not be read or written.', cause);
  }
}
