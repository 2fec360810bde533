import { runCommandLine } from '../../lib/command-line/program.ts';
import type { Terminal } from '../../lib/command-line/terminal.ts';

export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestTerminalOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** What the standard input holds. */
  readonly input?: string;
  /** Answers whatever is asked, and shows that somebody can be asked. */
  readonly answer?: (question: string) => Promise<string> | string;
}

/** Runs the command line in this process, with a terminal of its own. */
export async function runCommand(
  args: readonly string[],
  { env = {}, input = '', answer }: TestTerminalOptions = {},
): Promise<CommandOutcome> {
  let stdout = '';
  let stderr = '';
  const terminal: Terminal = {
    env,
    showsProgress: false,
    canAsk: answer !== undefined,
    out: (text) => {
      stdout += text;
    },
    error: (text) => {
      stderr += text;
    },
    ask: async (question) => {
      if (answer === undefined) throw new Error(`Nobody was expected to be asked: ${question}`);
      return answer(question);
    },
    input: async () => input,
  };
  const exitCode = await runCommandLine(args, terminal);
  return { exitCode, stdout, stderr };
}
