import { trials } from './try-it.ts';

/** The page at `GET /`: what to try, and the headers that make trouble. */
export function landingPage(baseUrl: string): string {
  const steps = trials(baseUrl)
    .map(({ title, command }) => `<li><p>${escapeHtml(title)}</p><pre>${escapeHtml(command)}</pre></li>`)
    .join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>lambda-idempotency, local</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
  pre { background: #8882; padding: .75rem; border-radius: .4rem; overflow-x: auto; }
  td { padding: .2rem 1rem .2rem 0; vertical-align: top; }
  :root { color-scheme: light dark; }
</style>
<h1>Add to cart, safe to retry</h1>
<p>This is the sample API on a local engine. Paste these into a shell; reload the page for fresh keys.</p>
<ol>
${steps}
</ol>
<h2>Headers that make trouble</h2>
<table>
  <tr><td><code>x-demo-work-ms: 0..10000</code></td><td>the handler takes that long</td></tr>
  <tr><td><code>x-demo-fail: before-effect</code></td><td>it throws before the row is put</td></tr>
  <tr><td><code>x-demo-fail: after-effect</code></td><td>it throws when the row has been put</td></tr>
  <tr><td><code>x-demo-fail: crash</code></td><td>it dies then, and the key is in doubt until its lease ends</td></tr>
  <tr><td><code>x-demo-tenant: NAME</code></td><td>the caller whom an authorizer would have found</td></tr>
</table>
<p>A deployed function knows none of them.</p>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
