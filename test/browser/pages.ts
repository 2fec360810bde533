/** Tabs of one browser profile at a server's own origin, with `client-page.ts` loaded. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import type { calls } from './client-page.ts';

type Calls = typeof calls;

const PATH = '/the-page';

/** The page's script, bundled for a browser: it fails to build where anything of Node.js is in it. */
export async function pageScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('client-page.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** Lets every tab of `context` find the page beside what the server at `origin` serves by itself. */
export async function servePage(context: BrowserContext, origin: string, script: string): Promise<void> {
  await context.route(`${origin}${PATH}`, (route) =>
    route.fulfill({ contentType: 'text/html', body: `<!doctype html><script>${script}</script>` }),
  );
}

export async function openTab(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin}${PATH}`);
  return page;
}

/** Makes one of the page's calls there. */
export function call<Name extends keyof Calls>(
  page: Page,
  name: Name,
  ...args: Parameters<Calls[Name]>
): Promise<Awaited<ReturnType<Calls[Name]>>> {
  const made: Promise<unknown> = page.evaluate(
    ([called, values]) => {
      const { calls } = globalThis as unknown as {
        calls: Record<string, (...values: unknown[]) => unknown>;
      };
      return calls[called]?.(...values);
    },
    [name, args] as const,
  );
  // What the page's function resolves to, by way of the browser.
  return made as Promise<Awaited<ReturnType<Calls[Name]>>>;
}
