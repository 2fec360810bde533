/** Valkey (or Redis) servers of the tests' own: on free ports of the loopback interface, with a folder that goes with them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../lib/local/free-port.ts';
import { startTethered, type TetheredProcess } from '../../lib/local/tethered-process.ts';
import { findProgram } from './find-program.ts';
import { until } from './until.ts';

const PROGRAMS = ['valkey-server', 'redis-server'] as const;
/** It answers within some 50 ms; this is for a machine that does ten other things. */
const READY_WITHIN_MS = 15_000;
const PORT_ATTEMPTS = 3;
const CONNECTION_WITHIN_MS = 1_000;

export interface ValkeyServerOptions {
  /** Settings beyond those of {@link QUIET}, as `--name value` of the server's command line. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where it finds what an earlier one has written. @defaultValue a new folder, which is removed in the end */
  readonly folder?: string;
}

export interface ValkeyServer {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  /** By SIGKILL: nothing is written any more, and the folder stays. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Nothing is written to the disk, records are not evicted, and it ends without waiting for replicas that lag behind. */
const QUIET = { save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', 'shutdown-timeout': '0' };

/** @throws Error that says what to install, where there is no such server */
export async function startValkeyServer(options: ValkeyServerOptions = {}): Promise<ValkeyServer> {
  const program = serverProgram();
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'valkey-'));
  const settings = Object.entries({ ...QUIET, ...options.settings });
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    const port = await findFreePort();
    const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
    let output = '';
    const child = startTethered({
      command: program,
      args: [...args, ...settings.flatMap(([name, value]) => [`--${name}`, ...value.split(' ')])],
      onOutput: (chunk) => {
        output += chunk;
      },
    });
    await until(
      `${program} answers`,
      async () => child.hasExited() || (await answers(port)),
      READY_WITHIN_MS,
    ).catch(async (error) => {
      await child.stop();
      throw error;
    });
    if (!child.hasExited()) return serverOf(child, port, folder, options.folder === undefined);
    // Somebody else may have taken the port since; thrice in a row is no accident.
    if (attempt === PORT_ATTEMPTS) {
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
      throw new Error(`${program} did not start: ${output}${child.lastWords()}`);
    }
  }
  throw new Error('No attempt was made.');
}

function serverOf(child: TetheredProcess, port: number, folder: string, isOwnFolder: boolean): ValkeyServer {
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    kill: async () => {
      const pid = /process_id:(\d+)/.exec(await command(port, 'INFO', 'server'))?.[1];
      process.kill(Number(pid), 'SIGKILL');
      await child.exited;
    },
    stop: async () => {
      await child.stop();
      if (isOwnFolder) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serverProgram(): string {
  const found = findProgram(PROGRAMS);
  if (found !== undefined) return found;
  throw new Error(
    `These tests need a Valkey or Redis server: ${PROGRAMS.join(' or ')} on the PATH. Debian: apt-get install --no-install-recommends redis-server (or valkey-server, where there is one).`,
  );
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await command(port, 'PING')).startsWith('+PONG');
  } catch {
    return false;
  }
}

/** One command on a connection of its own, without a client; resolves to the beginning of the reply as it is on the wire. */
export function command(port: number, ...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(CONNECTION_WITHIN_MS, () => socket.destroy(new Error('no reply')));
    socket.once('data', (data) => {
      resolve(data.toString('utf8'));
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without a reply')));
    const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
    socket.write(`*${words.length}\r\n${bulk}`);
  });
}
