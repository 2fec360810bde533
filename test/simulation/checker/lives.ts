import type { Sender } from '../invocation.ts';

export interface RunOfKey {
  readonly sender: Sender;
  /** It gave its lock back or consumed its key, by a write that was applied. */
  settled: boolean;
  effects: number;
  /** Another attempt has begun, or asked what became of this one. */
  overtaken: boolean;
}

/**
 * One life of a key: from its first acquisition until its record has expired and is gone or replaced. What comes
 * after is another operation.
 */
export interface Life {
  readonly runs: RunOfKey[];
  /** Number of the run whose result the completed record holds. */
  completedAs: number | undefined;
  /** Epoch seconds, of the completion. */
  expiresAtSeconds: number | undefined;
  /** By the true clock: from then on the completed record counts as absent. */
  countsUntilMs: number | undefined;
  /** Token of the attempt that completed it. */
  completedBy: string | undefined;
  /** It was completed without its row, since a condition of the writes did not hold. */
  soldOut: boolean;
  /** Its answer could not be kept, or TTL has deleted a part of it. */
  answerIsMissing: boolean;
  /** By the true clock. */
  endedMs: number | undefined;
  /** Effects of runs that somebody had overtaken. */
  lateEffects: number;
  /** Times that the handler's row was written. */
  rows: number;
  /** In which its row was put. */
  readonly databases: Set<number>;
  /** Results of recorded steps, as JSON. */
  readonly steps: Map<string, string>;
}

/** The lives of all keys, each with the runs of its handler. */
export class Lives {
  readonly #lives = new Map<string, Life[]>();

  /** The one that the key lives now; a new one where the last has ended. */
  current(key: string): Life {
    const lives = this.#lives.get(key) ?? [];
    const last = lives.at(-1);
    if (last !== undefined && last.endedMs === undefined) return last;
    const life: Life = {
      runs: [],
      completedAs: undefined,
      expiresAtSeconds: undefined,
      countsUntilMs: undefined,
      completedBy: undefined,
      soldOut: false,
      answerIsMissing: false,
      endedMs: undefined,
      lateEffects: 0,
      rows: 0,
      databases: new Set(),
      steps: new Map(),
    };
    this.#lives.set(key, [...lives, life]);
    return life;
  }

  of(key: string): readonly Life[] {
    return this.#lives.get(key) ?? [];
  }

  runsOf(key: string): readonly RunOfKey[] {
    return this.of(key).flatMap(({ runs }) => runs);
  }

  /** The life in which `sender` has run, and that run. */
  runOf(sender: Sender): { readonly life: Life; readonly run: RunOfKey } | undefined {
    for (const life of this.of(sender.key)) {
      const run = life.runs.find((one) => one.sender === sender);
      if (run !== undefined) return { life, run };
    }
    return undefined;
  }

  end(key: string, nowMs: number): void {
    const last = this.of(key).at(-1);
    if (last !== undefined) last.endedMs ??= nowMs;
  }

  get all(): readonly (readonly [key: string, life: Life])[] {
    return [...this.#lives].flatMap(([key, lives]) => lives.map((life) => [key, life] as const));
  }

  /** All that later judgements depend on. */
  get state(): string {
    return JSON.stringify(
      [...this.#lives].map(([key, lives]) => [
        key,
        lives.map(({ runs, steps, databases, ...life }) => [
          life,
          [...databases],
          [...steps],
          runs.map(({ sender, ...run }) => [sender.number, run]),
        ]),
      ]),
    );
  }
}
