import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';

/** What a command needs of the process around it; a test has one of its own. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  /** Whether somebody reads the standard error as it is written. */
  readonly showsProgress: boolean;
  /** Whether somebody can be asked. */
  readonly canAsk: boolean;
  out(text: string): void;
  error(text: string): void;
  /** The answer to a question that is asked on the standard error. */
  ask(question: string): Promise<string>;
  /** All of the standard input. */
  input(): Promise<string>;
}

export function processTerminal(): Terminal {
  return {
    env: process.env,
    showsProgress: process.stderr.isTTY === true,
    canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
    out: (line) => {
      process.stdout.write(line);
    },
    error: (line) => {
      process.stderr.write(line);
    },
    ask: async (question) => {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    input: () => text(process.stdin),
  };
}
