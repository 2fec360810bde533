/** Jest's `globalTeardown`: ends what `embedded-engine-setup.ts` started. */

import './embedded-engine-setup.ts';

export default async function stopTestEngine(): Promise<void> {
  await globalThis.testEngine?.stop();
  globalThis.testEngine = undefined;
}
