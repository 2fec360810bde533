/** What workers tell of themselves, each line before they go on: what is told is not lost with them. */
export type HolderNote =
  | { readonly kind: 'serving' }
  | {
      readonly kind: 'granted' | 'renewed';
      readonly resource: string;
      readonly fencingToken: number;
      readonly atMs: number;
      /** Until when it counts on its place, by its own clock. */
      readonly leaseEndsAtMs: number;
    }
  | {
      readonly kind: 'ended';
      readonly resource: string;
      readonly fencingToken: number;
      readonly atMs: number;
      /** `refused`: by the row, which knows a higher number. */
      readonly write: 'applied' | 'refused' | 'failed';
    }
  | { readonly kind: 'not-granted'; readonly resource: string; readonly code: string };

/** A place as its holder has told of it. */
export interface Holding {
  readonly worker: string;
  readonly resource: string;
  readonly fencingToken: number;
  readonly grantedAtMs: number;
  /** As far as it was told: a killed worker may have renewed once more. */
  leaseEndsAtMs: number;
  /** Undefined where it was killed. */
  endedAtMs: number | undefined;
  write: 'applied' | 'refused' | 'failed' | undefined;
}

export class Holdings {
  readonly all: Holding[] = [];
  notGranted = 0;
  #tellNext: (worker: string, resource: string) => void = () => {};

  follow(worker: string, note: HolderNote): void {
    if (note.kind === 'serving') return;
    if (note.kind === 'not-granted') {
      this.notGranted += 1;
      return;
    }
    const { resource, fencingToken, atMs } = note;
    if (note.kind === 'granted') {
      const { leaseEndsAtMs } = note;
      this.all.push({
        worker,
        resource,
        fencingToken,
        grantedAtMs: atMs,
        leaseEndsAtMs,
        endedAtMs: undefined,
        write: undefined,
      });
      this.#tellNext(worker, resource);
      return;
    }
    const holding = this.all.find(
      (one) => one.worker === worker && one.resource === resource && one.fencingToken === fencingToken,
    );
    // A renewal can be told before the grant is.
    if (holding === undefined) return;
    if ('write' in note) {
      holding.endedAtMs = atMs;
      holding.write = note.write;
    } else holding.leaseEndsAtMs = Math.max(holding.leaseEndsAtMs, note.leaseEndsAtMs);
  }

  /** The worker that gets the next place of `resource`, if one does within `ms`. */
  nextHolder(resource: string, ms: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ms);
      this.#tellNext = (worker, granted) => {
        if (granted !== resource) return;
        clearTimeout(timer);
        resolve(worker);
      };
    });
  }
}
