import { trials } from '../try-it.ts';

/** Two circles, one of them only an outline: sent twice, done once. */
export const PAGE_ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<circle cx="12" cy="16" r="8" fill="#3556d4"/><circle cx="20" cy="16" r="7" fill="none" stroke="#3556d4" stroke-width="2"/>
</svg>`;

/** The page at `GET /`: the frame for the script, and what can be done without one. */
export function pageHtml(baseUrl: string): string {
  const steps = trials(baseUrl)
    .map(
      ({ title, command }) =>
        `<li><p>${escapeHtml(title)}</p><pre tabindex="0"><code>${escapeHtml(command)}</code></pre></li>`,
    )
    .join('\n');
  return frame({
    title: 'Safe to retry',
    files: 'page',
    withoutScript: 'The playground needs JavaScript; the commands below do not.',
    below: `<aside class="shell" aria-labelledby="shell-title">
<h2 id="shell-title">The same from a shell</h2>
<p>Paste these into a terminal; the page above draws what they do. Reload for fresh keys.</p>
<ol class="trials">
${steps}
</ol>
<h3>Headers that make trouble</h3>
<dl class="headers">
<div><dt><code>x-demo-work-ms: 0..10000</code></dt><dd>the handler takes that long</dd></div>
<div><dt><code>x-demo-timeout-ms: 1000..29000</code></dt><dd>the function's time-out; the lease lasts 1 s longer</dd></div>
<div><dt><code>x-demo-fail: before-effect</code></dt><dd>it throws before the row is put</dd></div>
<div><dt><code>x-demo-fail: after-effect</code></dt><dd>it throws when the row has been put</dd></div>
<div><dt><code>x-demo-fail: crash-before-effect</code></dt><dd>it dies before the row is put, and the key is in doubt until its lease ends</dd></div>
<div><dt><code>x-demo-fail: crash</code></dt><dd>it dies when the row has been put, and the key is in doubt until its lease ends</dd></div>
<div><dt><code>x-demo-lose-requests: 0..100</code></dt><dd>that share of requests, in per cent, is lost on the way</dd></div>
<div><dt><code>x-demo-lose-replies: 0..100</code></dt><dd>that share of replies is lost on the way back</dd></div>
<div><dt><code>x-demo-tenant: NAME</code></dt><dd>the caller whom an authorizer would have found</dd></div>
</dl>
<p>A deployed function knows none of them.</p>
</aside>`,
  });
}

/** The page at `GET /seats`. */
export function seatsHtml(): string {
  return frame({
    title: 'Many users, one seat',
    files: 'seats',
    withoutScript: 'The seat map needs JavaScript; the commands at / do not.',
    below: '',
  });
}

function frame(page: {
  readonly title: string;
  /** Name of its script and its style. */
  readonly files: 'page' | 'seats';
  readonly withoutScript: string;
  readonly below: string;
}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title}: lambda-idempotency, local</title>
<link rel="icon" href="/playground/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/playground/${page.files}.css">
<script type="module" src="/playground/${page.files}.js"></script>
</head>
<body>
<div id="playground"><noscript><p class="noscript">${page.withoutScript}</p></noscript></div>
${page.below}
</body>
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
