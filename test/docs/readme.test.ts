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

test('the list of decisions has them all', () => {
  const list = readFileSync(new URL('docs/adr/README.md', ROOT), 'utf8');
  const listed = [...list.matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(([, name]) => name);
  const decisions = readdirSync(new URL('docs/adr/', ROOT)).filter((name) => /^\d{4}-/.test(name));
  expect(listed).toEqual(decisions.sort());
});

/** The README, and every page for users, by its path. */
const pages: [page: string, text: string][] = [
  ['README.md', readme],
  ...['docs/', 'docs/recipes/'].flatMap((folder) =>
    readdirSync(new URL(folder, ROOT))
      .filter((name) => name.endsWith('.md'))
      .map((name): [string, string] => [folder + name, readFileSync(new URL(folder + name, ROOT), 'utf8')]),
  ),
];

/** Each TypeScript snippet of a page as a file of its own in the root, from where packages are found. */
function snippetsOf(page: string, text: string): [path: string, snippet: string][] {
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, snippet = ''], index) => [
    inRoot(`${page.replaceAll('/', '.')}.${index + 1}.ts`),
    snippet,
  ]);
}

/** As GitHub makes anchors of headings. */
function headingsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const code = (text: unknown) => (typeof text === 'string' ? `'${text}'` : String(text));

describe('README', () => {
  test('every TypeScript snippet, of the recipes too, compiles against the library as it is', () => {
    const files = new Map(pages.flatMap(([page, text]) => snippetsOf(page, text)));
    // Each of these has code: a page that shows none has lost it, or its fences.
    const withoutCode = [
      'README',
      'benchmarks',
      'concepts',
      'conform',
      'dependencies',
      'operating',
      'performance',
      'scale',
      'security',
      'versions',
    ].map((name) => `docs/${name}.md`);
    const shown = new Set([...files.keys()].map((path) => path.replace(/\.\d+\.ts$/, '')));
    const expected = pages.map(([page]) => page).filter((page) => !withoutCode.includes(page));
    expect(expected.filter((page) => !shown.has(inRoot(page.replaceAll('/', '.'))))).toEqual([]);
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
});

describe.each(pages)('%s', (page, text) => {
  test('names scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });

  test('links to files and headings that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    const broken = links.filter(([, path = '', heading]) => {
      const target = path === '' ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
      if (!existsSync(target)) return true;
      return heading !== undefined && !headingsOf(readFileSync(target, 'utf8')).has(heading);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});
