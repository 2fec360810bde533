import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { childEnvironment } from '../../support/child-environment.ts';
import { runCommand } from '../../support/test-terminal.ts';

const COMMANDS = ['conform', 'inspect', 'list', 'release', 'complete', 'purge', 'doctor', 'cost'] as const;

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  expect(await runCommand(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

describe('help', () => {
  test('of the program names every command', async () => {
    const { stdout, exitCode } = await runCommand(['--help']);
    for (const command of COMMANDS) expect(stdout).toContain(`  ${command}`);
    expect(exitCode).toBe(0);
  });

  test.each(COMMANDS.map((command) => [command]))('of %s has examples and exit codes', async (command) => {
    const { stdout, exitCode } = await runCommand([command, '--help']);
    expect(stdout).toContain(`Usage: lambda-idempotency ${command}`);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('Exit codes:');
    expect(exitCode).toBe(0);
  });
});

describe('a command line that is wrong ends in exit code 2 and says what would be right', () => {
  test.each<[string, string[], RegExp]>([
    ['no command', [], /Usage: lambda-idempotency/],
    ['an unknown command', ['conforms'], /unknown command 'conforms'.*\n.*Did you mean conform/],
    ['an unknown option', ['conform', '--ur', 'x'], /unknown option '--ur'.*\n.*Did you mean --url/],
    ['an argument too many', ['conform', 'http://127.0.0.1'], /too many arguments/],
    ['conform without a URL', ['conform'], /--url has to name the operation/],
    ['a URL that is none', ['conform', '--url', 'localhost:3000'], /http:\/\/127\.0\.0\.1:3000/],
    ['a header without a colon', ['conform', '--header', 'x'], /"Name: value"/],
    ['a number that is none', ['conform', '--parallel', '1'], /whole number from 2 to 50/],
    ['a choice that is none', ['conform', '--fail-on', 'all'], /Allowed choices are draft, profile/],
    [
      'a file that is not there',
      ['conform', '--body', '@/nowhere/x'],
      /nowhere\/x cannot be read \(ENOENT\)/,
    ],
    ['a pointer that is none', ['conform', '--effects-pointer', 'lines'], /begin with a slash/],
    [
      'a check that is none',
      ['conform', '--url', 'http://127.0.0.1:9', '--check', 'x'],
      /no check "x".*--list/,
    ],
  ])('%s', async (_description, args, message) => {
    const { stdout, stderr, exitCode } = await runCommand(args);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });
});

test('an API that does not answer is exit code 3, with its URL', async () => {
  const { stderr, exitCode } = await runCommand(['conform', '--url', 'http://127.0.0.1:9/x']);
  expect(stderr).toMatch(/^error: http:\/\/127\.0\.0\.1:9\/x does not answer: .*ECONNREFUSED/);
  expect(exitCode).toBe(3);
});

describe('the program as a process of its own', () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'lib/command-line/main.ts', ...args], {
      env: childEnvironment(),
    });

  test('prints and ends with 0', async () => {
    const { stdout, stderr } = await run('conform', '--list');
    expect(stdout.split('\n').length).toBeGreaterThan(30);
    expect(stderr).toBe('');
  });

  test('ends with the exit code of the command', async () => {
    await expect(run('conform', '--url', 'http://127.0.0.1:9/x')).rejects.toMatchObject({ code: 3 });
  });
});
