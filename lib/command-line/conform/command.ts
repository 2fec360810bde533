import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { collectHeader, collectText, type Header, httpUrl, textOrFile, wholeNumber } from '../arguments.ts';
import { columns } from '../columns.ts';
import type { CommandContext } from '../command-context.ts';
import { usageError } from '../command-error.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Terminal } from '../terminal.ts';
import { ALL_CHECKS } from './all-checks.ts';
import type { Check, Level } from './check.ts';
import { isJsonPointer } from './json-pointer.ts';
import { jsonReport, junitReport, textReport } from './report.ts';
import { countsOf, type Finding, runChecks } from './run-checks.ts';
import { type ConformSettings, KEY_FORMATS, type KeyFormat } from './settings.ts';

const LEVELS: readonly Level[] = ['draft', 'profile'];

/** As commander hands them over: the names are those of the options below. */
interface ConformOptions {
  readonly url?: string;
  readonly method: string;
  readonly body?: string;
  readonly otherBody?: string;
  readonly header?: readonly Header[];
  readonly otherCaller?: readonly Header[];
  readonly keyHeader: string;
  readonly keyFormat: KeyFormat;
  readonly slowHeader?: readonly Header[];
  readonly effectsUrl?: string;
  readonly effectsPointer: string;
  readonly timeout: number;
  readonly parallel: number;
  readonly failOn: Level;
  readonly strict?: boolean;
  readonly check?: readonly string[];
  readonly list?: boolean;
  readonly json?: boolean;
  readonly junit?: string;
}

const EXAMPLES = `
Bodies and URLs may hold {{uuid}}: one UUID an operation, the same on each of its retries.

The checks send some 40 requests, and some of them take effect: use an API that is there to be tested.

Exit codes: 0 conforms, 1 does not, 2 wrong command line, 3 the API does not answer.

Examples:
  $ lambda-idempotency conform --url http://127.0.0.1:3000/cart/items \\
      --body '{"cartId":"{{uuid}}","sku":"book-1","quantity":1}' \\
      --effects-url 'http://127.0.0.1:3000/cart/{{uuid}}' --effects-pointer /lines \\
      --slow-header 'x-demo-work-ms: 1500'
  $ lambda-idempotency conform --url https://api.example.com/orders --body @order.json \\
      --header "Authorization: Bearer $TOKEN" --other-caller "Authorization: Bearer $OTHER_TOKEN" \\
      --fail-on profile --strict --junit conform.xml
`;

export function addConform(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command('conform')
    .summary('checks any HTTP API against the Idempotency-Key draft')
    .description(
      'Checks an operation of any HTTP API against the Idempotency-Key draft (draft-ietf-httpapi-idempotency-key-header) and the profile of this library, by nothing but requests.',
    )
    .option('--url <url>', 'the operation', httpUrl)
    .option('--method <method>', 'its method', upperCase, 'POST')
    .option('--body <text>', 'its payload, or @ and a file', textOrFile)
    .option('--other-body <text>', 'another payload; default: a JSON object gets one more member', textOrFile)
    .option('--header <header>', '"Name: value" of each request; may be repeated', collectHeader)
    .option(
      '--other-caller <header>',
      'the same for requests by another caller; may be repeated',
      collectHeader,
    )
    .option('--key-header <name>', 'the header that carries the key', 'Idempotency-Key')
    .addOption(
      new Option('--key-format <format>', 'quoted as the draft has it, or bare')
        .choices(KEY_FORMATS)
        .default('quoted'),
    )
    .option(
      '--slow-header <header>',
      'makes the operation take longer, to be met while it runs',
      collectHeader,
    )
    .option('--effects-url <url>', 'GET that tells how often an operation took effect', httpUrl)
    .option(
      '--effects-pointer <pointer>',
      'JSON Pointer to a list or a number in its answer',
      jsonPointer,
      '',
    )
    .option('--parallel <n>', 'requests that are sent at once', wholeNumber(2, 50), 5)
    .option('--timeout <ms>', 'of each request', wholeNumber(100, 300_000), 30_000)
    .addOption(
      new Option('--fail-on <level>', 'what must pass: the draft alone, or the profile, too')
        .choices(LEVELS)
        .default('draft'),
    )
    .option('--strict', 'what is unclear counts as failed')
    .option('--check <id>', 'only this one; may be repeated', collectText)
    .option('--list', 'list the checks and end')
    .option('--json', 'print the findings as JSON')
    .option('--junit <file>', 'write them as JUnit XML, too')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ConformOptions) => {
      finish(options.list ? list(terminal) : await conform(options, terminal));
    });
}

function list(terminal: Terminal): ExitCode {
  terminal.out(columns(ALL_CHECKS.map(({ id, level, source, title }) => [id, level, source, title])));
  return EXIT.ok;
}

async function conform(options: ConformOptions, terminal: Terminal): Promise<ExitCode> {
  const settings = settingsOf(options);
  const checks = chosenChecks(options.check);
  const findings = await runChecks(settings, checks, (finding) => {
    if (terminal.showsProgress) terminal.error(`\u001b[2K\r${finding.id}`);
  });
  if (terminal.showsProgress) terminal.error('\u001b[2K\r');
  const conforms = conformsTo(findings, options);
  terminal.out(options.json ? jsonReport(settings, findings, conforms) : textReport(settings, findings));
  if (options.junit !== undefined) writeReport(options.junit, junitReport(findings));
  return conforms ? EXIT.ok : EXIT.no;
}

function conformsTo(findings: readonly Finding[], { failOn, strict }: ConformOptions): boolean {
  const levels = failOn === 'draft' ? LEVELS.slice(0, 1) : LEVELS;
  return levels.every((level) => {
    const { fail, unclear } = countsOf(findings, level);
    return fail === 0 && (strict !== true || unclear === 0);
  });
}

function settingsOf(options: ConformOptions): ConformSettings {
  const { url, effectsUrl, effectsPointer } = options;
  if (url === undefined) throw usageError('--url has to name the operation. --help shows the options.');
  return {
    url,
    method: options.method,
    body: options.body,
    otherBody: options.otherBody,
    headers: options.header ?? [],
    otherCaller: options.otherCaller,
    keyHeader: options.keyHeader,
    keyFormat: options.keyFormat,
    slowHeaders: options.slowHeader ?? [],
    effects: effectsUrl === undefined ? undefined : { url: effectsUrl, pointer: effectsPointer },
    timeoutMs: options.timeout,
    parallel: options.parallel,
  };
}

function chosenChecks(ids: readonly string[] | undefined): readonly Check[] {
  if (ids === undefined) return ALL_CHECKS;
  const unknown = ids.find((id) => !ALL_CHECKS.some((check) => check.id === id));
  if (unknown !== undefined) throw usageError(`There is no check "${unknown}". --list names them all.`);
  return ALL_CHECKS.filter(({ id }) => ids.includes(id));
}

function writeReport(file: string, report: string): void {
  try {
    writeFileSync(file, report);
  } catch (error) {
    throw usageError(`--junit: ${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`, error);
  }
}

function upperCase(text: string): string {
  if (!/^[A-Za-z]+$/.test(text)) throw new InvalidArgumentError('It has to be a method such as POST.');
  return text.toUpperCase();
}

function jsonPointer(text: string): string {
  if (!isJsonPointer(text)) {
    throw new InvalidArgumentError('It has to be empty or to begin with a slash, such as /lines.');
  }
  return text;
}
