import type { Terminal } from './terminal.ts';

const LINE_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 200;

export interface Progress {
  show(text: string): void;
  /** Leaves the line to what comes next. */
  end(): void;
}

/** On the standard error: one line that is drawn again at a terminal, and a line every ten seconds in a log. */
export function createProgress(terminal: Terminal): Progress {
  let shownAtMs = Number.NEGATIVE_INFINITY;
  const startedAtMs = performance.now();
  return {
    show: (text) => {
      const nowMs = performance.now();
      if (terminal.showsProgress) {
        if (nowMs - shownAtMs < REDRAW_EVERY_MS) return;
        terminal.error(`\u001b[2K\r${text}`);
      } else {
        if (nowMs - Math.max(shownAtMs, startedAtMs) < LINE_EVERY_MS) return;
        terminal.error(`${text}\n`);
      }
      shownAtMs = nowMs;
    },
    end: () => {
      if (terminal.showsProgress) terminal.error('\u001b[2K\r');
    },
  };
}
