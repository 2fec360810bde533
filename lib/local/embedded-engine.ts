import { accessSync, chmodSync, constants, existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Engine } from './running-engine.ts';
import { spawnEngine } from './spawned-engine.ts';

/** It answers some 20 ms after its start; this is for a machine that does ten other things. */
const READY_WITHIN_MS = 15_000;

/** The engine's program, or `undefined` on a platform for which npm installs none. */
export function findEmbeddedEngine(): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    const folder = dirname(require.resolve(`@dynoxide/${process.platform}-${process.arch}/package.json`));
    const program = join(folder, 'dynoxide');
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

export function startEmbeddedEngine(
  program: string,
  {
    dataDirectory,
    port,
  }: { readonly dataDirectory?: string | undefined; readonly port?: number | undefined } = {},
): Promise<Engine> {
  makeExecutable(program);
  const dataArgs: string[] = [];
  if (dataDirectory !== undefined) {
    mkdirSync(dataDirectory, { recursive: true });
    dataArgs.push('--db-path', join(dataDirectory, 'dynoxide.sqlite'));
  }
  return spawnEngine({
    name: 'dynoxide (embedded)',
    commandFor: (ownPort) => ({ command: program, args: ['--port', String(ownPort), ...dataArgs] }),
    port,
    readyWithinMs: READY_WITHIN_MS,
    announcement: 'listening on',
  });
}

/** Some ways of unpacking node_modules (archives, file shares, image layers) lose the executable bit. */
function makeExecutable(program: string): void {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    chmodSync(program, 0o755);
  }
}
