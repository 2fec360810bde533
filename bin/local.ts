/** `npm start`: the sample API on this machine. `--help` says more. */

import { HELP, readCommandLine } from '../lib/local/command-line.ts';
import { LocalRunError } from '../lib/local/local-run-error.ts';
import { type LocalServer, startLocalServer } from '../lib/local/local-server.ts';
import { reportLine } from '../lib/local/report-line.ts';
import { trials } from '../lib/local/try-it.ts';

// The SDK's seven lines about future Node.js versions would hide the few that matter here.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

async function main(): Promise<void> {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine.help) {
    process.stdout.write(HELP);
    return;
  }
  const print = commandLine.json ? console.error : console.log;
  const stopping = waitForSignal();
  const server = await startLocalServer({
    ...commandLine,
    onReport: (report) => print(reportLine(report)),
  });
  if (commandLine.json) {
    const { url, engine, tables } = server;
    console.log(JSON.stringify({ url, endpoint: engine.endpoint, tables, pid: process.pid }));
  } else {
    printWelcome(server);
  }

  const reason = await Promise.race([stopping, server.engine.ended.then(() => 'engine-ended' as const)]);
  await server.stop();
  if (reason === 'engine-ended') {
    throw new LocalRunError(`The engine ${server.engine.name} has ended by itself; start again.`);
  }
  // Handlers may still be running, and nothing waits for them: Ctrl-C is a crash like any other.
  process.exit(0);
}

/** Resolves at the first request to stop. A second one ends the process at once. */
function waitForSignal(): Promise<'signal'> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve('signal');
      });
    }
  });
}

function printWelcome({ url, engine, tables }: LocalServer): void {
  console.log(`The sample API is served on ${url}
engine  ${engine.name}, ${engine.endpoint}
tables  ${tables.idempotency}, ${tables.cart}, ${tables.seats}

Open ${url} in a browser to watch the protocol at work, ${url}/seats to book seats, or try in another terminal
(Ctrl-C here stops everything):
`);
  for (const { title, command } of trials(url)) console.log(`# ${title}\n${command}\n`);
}

main().catch((error: unknown) => {
  if (!(error instanceof LocalRunError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error.exitCode);
});
