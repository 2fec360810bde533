/** What docs/deploying.md tells a stranger to do, done in an empty folder with the packed tarball. */

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exchange } from '../support/http-exchange.ts';

const run = promisify(execFile);

const REPOSITORY_ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = join(REPOSITORY_ROOT, 'docs/deploying.md');
const OWN_NAME = 'lambda-idempotency';

/**
 * Makes the page's project in a folder of its own: its commands are run and its files are written as they stand there,
 * with the packed tarball in the place of the published package.
 */
export async function makeStrangersProject(directory: string): Promise<void> {
  await mkdir(directory);
  const tarball = await pack(directory);
  const page = await readFile(PAGE, 'utf8');
  const section = page.split('## An API of your own')[1]?.split('\n## ')[0] ?? '';
  for (const [, name = '', text = ''] of section.matchAll(/^`([\w.-]+)`:\n\n```\w+\n([\s\S]*?)```/gm)) {
    await writeFile(join(directory, name), text);
  }
  const commands = [...section.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, text = '']) => text.split('\n'))
    .filter((line) => line.startsWith('npm '));
  if (commands.length === 0)
    throw new Error("docs/deploying.md names no npm command for an API of one's own.");
  for (const command of commands) {
    const [npm = '', ...args] = command.split(' ');
    await run(
      npm,
      args.map((arg) => (arg === OWN_NAME ? tarball : arg)),
      { cwd: directory },
    );
  }
}

async function pack(directory: string): Promise<string> {
  await run('npm', ['run', 'build', '--silent'], { cwd: REPOSITORY_ROOT });
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', directory],
    {
      cwd: REPOSITORY_ROOT,
    },
  );
  const [packed]: { filename: string }[] = JSON.parse(stdout);
  if (packed === undefined) throw new Error('npm pack made no tarball.');
  return join(directory, packed.filename);
}

/** What the stranger's API does not do as the page says, a line each; none where all is well. */
export async function brokenPromises(url: string): Promise<string[]> {
  const key = randomUUID();
  const order = (headers: Record<string, string>) =>
    exchange({
      method: 'POST',
      url: `${url}/orders`,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: '{"sku":"book-1"}',
    });
  const first = await order({ 'Idempotency-Key': key });
  const retry = await order({ 'Idempotency-Key': key });
  const without = await order({});
  const seen: [promise: string, isKept: boolean][] = [
    [`a first order gets 201, and not ${first.status}: ${first.body}`, first.status === 201],
    [`its retry gets 200, and not ${retry.status}: ${retry.body}`, retry.status === 200],
    ['its retry says that it is replayed', retry.headers['idempotent-replayed'] === 'true'],
    ['its retry gets the same order', retry.body === first.body],
    [`an order without a key gets 400, and not ${without.status}`, without.status === 400],
  ];
  return seen.flatMap(([promise, isKept]) => (isKept ? [] : [promise]));
}
