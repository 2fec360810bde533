#!/usr/bin/env node
/** `npx lambda-idempotency`: what users call, and nothing that the library's own entries import. */
import { runCommandLine } from './program.ts';
import { processTerminal } from './terminal.ts';

// The SDK's seven lines about future Node.js versions would hide the few that matter here.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

// A reader that has seen enough (`... | head`) closes the pipe, which is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal());
