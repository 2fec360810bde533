import { answersDynamoDb } from './engine-readiness.ts';
import { findFreePort, isPortFree } from './free-port.ts';
import { LocalRunError } from './local-run-error.ts';
import type { Engine } from './running-engine.ts';
import { startTethered, type TetheredCommand } from './tethered-process.ts';

/** A free port can be lost to another process before the engine binds it; thrice in a row is no accident. */
const PORT_ATTEMPTS = 3;

export interface SpawnedEngineOptions {
  readonly name: string;
  readonly commandFor: (port: number) => TetheredCommand;
  /** A port of our own choice unless given. */
  readonly port?: number | undefined;
  readonly readyWithinMs: number;
  /** Is on the engine's standard error once it listens: an answer before that comes from another program on its port. */
  readonly announcement?: string;
}

/** Starts an engine as a child process and waits until it answers. */
export async function spawnEngine(options: SpawnedEngineOptions): Promise<Engine> {
  let reason = '';
  const attempts = options.port === undefined ? PORT_ATTEMPTS : 1;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const port = options.port ?? (await findFreePort());
    if (options.port !== undefined && !(await isPortFree(options.port))) {
      throw new LocalRunError(`The engine ${options.name} did not start: port ${port} is taken.`);
    }
    const endpoint = `http://127.0.0.1:${port}`;
    const child = startTethered(options.commandFor(port));
    const isReady = await answersDynamoDb(endpoint, {
      withinMs: options.readyWithinMs,
      hasGivenUp: child.hasExited,
      isListening: () => child.lastWords().includes(options.announcement ?? ''),
    });
    if (isReady) {
      return { name: options.name, endpoint, ended: child.exited, stop: child.stop };
    }
    const tookTooLong = !child.hasExited();
    await child.stop();
    reason = tookTooLong ? `no answer within ${options.readyWithinMs / 1000} s` : child.lastWords();
    if (tookTooLong) break;
  }
  throw new LocalRunError(`The engine ${options.name} did not start: ${reason.replaceAll(/\s*\n\s*/g, ' ')}`);
}
