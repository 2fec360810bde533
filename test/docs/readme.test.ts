/** The README is held to what the code does: snippets compile, tables agree with the defaults, links lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { PROBLEM_TYPES } from '../../lib/http/problem-type.ts';
import { DEFAULT_CACHE_LIMITS } from '../../lib/idempotency/cache-limits.ts';
import { DEFAULTS } from '../../lib/idempotency/options.ts';

const ROOT = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', ROOT), 'utf8');
const inRoot = (path: string) => new URL(path, ROOT).pathname;

/** The cells of the table under `heading`, a row each, without its head. */
function tableUnder(heading: string): string[][] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** The README, the pages with code and every recipe, by its path. */
const pages: [page: string, text: string][] = [
  ['README.md', readme],
  ...[
    'docs/client.md',
    'docs/locks.md',
    'docs/valkey.md',
    'docs/many-servers.md',
    'docs/powertools.md',
    'docs/observing.md',
  ].map((page): [string, string] => [page, readFileSync(new URL(page, ROOT), 'utf8')]),
  ...readdirSync(new URL('docs/recipes/', ROOT)).map((name): [string, string] => [
    `docs/recipes/${name}`,
    readFileSync(new URL(`docs/recipes/${name}`, ROOT), 'utf8'),
  ]),
];

/** Each TypeScript snippet of a page as a file of its own in the root, from where packages are found. */
function snippetsOf(page: string, text: string): [path: string, snippet: string][] {
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, snippet = ''], index) => [
    inRoot(`${page.replaceAll('/', '.')}.${index + 1}.ts`),
    snippet,
  ]);
}

const code = (text: unknown) => (typeof text === 'string' ? `'${text}'` : String(text));

describe('README', () => {
  test('every TypeScript snippet, of the recipes too, compiles against the library as it is', () => {
    const files = new Map(pages.flatMap(([page, text]) => snippetsOf(page, text)));
    expect(files.size).toBeGreaterThanOrEqual(3 + pages.length);
    const { config } = ts.readConfigFile(inRoot('tsconfig.json'), ts.sys.readFile);
    const { options } = ts.convertCompilerOptionsFromJson(
      {
        ...config.compilerOptions,
        paths: { 'lambda-idempotency': ['./lib/index.ts'], 'lambda-idempotency/*': ['./lib/*/index.ts'] },
      },
      inRoot('.'),
    );
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (path) => files.has(path) || fileExists(path);
    host.readFile = (path) => files.get(path) ?? readFile(path);
    host.getSourceFile = (path, versionAndFormat, ...rest) => {
      const text = files.get(path);
      return text === undefined
        ? getSourceFile(path, versionAndFormat, ...rest)
        : ts.createSourceFile(path, text, versionAndFormat);
    };
    const program = ts.createProgram(
      [...files.keys(), inRoot('test/docs/snippet-prelude.d.ts')],
      options,
      host,
    );
    const problems = ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      );
    expect(problems).toEqual([]);
  });

  test('the options table has every default as it is in the code', () => {
    const documented = new Map(tableUnder('Options').map(([name = '', value = '']) => [name, value]));
    for (const [name, value] of Object.entries(DEFAULTS)) {
      const expected = Array.isArray(value) ? `[${value.map(code).join(', ')}]` : code(value);
      const isLong = name === 'documentationUrl';
      expect([name, documented.get(`\`${name}\``)]).toEqual([
        name,
        isLong ? expect.any(String) : `\`${expected}\``,
      ]);
    }
  });

  test('the bounds of the cache are those of the code', () => {
    const [, maxEntries = '', maxBytes = ''] =
      /\{ maxEntries: ([\d_]+), maxBytes: ([\d_]+) \}/.exec(readme) ?? [];
    const documented = [maxEntries, maxBytes].map((text) => Number(text.replaceAll('_', '')));
    expect(documented).toEqual([DEFAULT_CACHE_LIMITS.maxEntries, DEFAULT_CACHE_LIMITS.maxBytes]);
  });

  test('the table of problem types has all that can be answered below 500, and 503', () => {
    const documented = [...readme.matchAll(/`(urn:lambda-idempotency:problem:[a-z-]+)`/g)].map(
      ([, type]) => type,
    );
    const internal = [
      'RESULT_TOO_LARGE',
      'RESULT_NOT_RECORDED',
      'STEP_NOT_RECORDED',
      'COMMIT_INVALID',
      'PERMITS_MISMATCH',
      'CONFIGURATION',
    ];
    const answered = Object.entries(PROBLEM_TYPES).filter(([errorCode]) => !internal.includes(errorCode));
    expect(documented.sort()).toEqual(answered.map(([, { type }]) => type).sort());
  });

  test('every script that it names exists, and every file that it links to', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
    const named = [...readme.matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
    const linked = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
    expect(linked.length).toBeGreaterThan(3);
    expect(linked.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });
});
