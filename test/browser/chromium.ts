/** Finds a Chromium that is installed and launches it; a machine without one fails here, and nothing is skipped. */
import { type Browser, chromium } from 'playwright-core';
import { findProgram, isExecutable } from '../support/find-program.ts';

/** Debian's name first: its package is what `.ci/run` installs. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/**
 * The path of the browser: `CHROMIUM_PATH`, or the first of the usual commands on `PATH`.
 * @throws Error that says how to get one
 */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string {
  const wanted = env['CHROMIUM_PATH'];
  if (wanted) {
    if (!isExecutable(wanted)) throw new Error(`CHROMIUM_PATH names no program that can be run: ${wanted}`);
    return wanted;
  }
  const found = findProgram(COMMANDS, env);
  if (found === undefined) {
    throw new Error(
      'No Chromium was found. Install one (Debian: apt-get install chromium) or name one in CHROMIUM_PATH.',
    );
  }
  return found;
}

/** A headless browser of its own, with nothing of any earlier one. The caller closes it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    // Chromium's own sandbox does not start under root, as which most containers run; the pages are our own.
    chromiumSandbox: process.getuid?.() !== 0,
    // The small shared memory of a container makes tabs crash.
    args: ['--disable-dev-shm-usage'],
  });
}
