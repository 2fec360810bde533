/**
 * One engine for all suites of a run, as Jest's `globalSetup`. Workers find it in `DYNAMODB_ENDPOINT`.
 *
 * - `DYNAMODB_ENDPOINT` set: that one is used, and left running.
 * - `TEST_ENGINE=dynamodb-local`: Amazon's, in Java. Without Java the run fails: a check that quietly did not take
 *   place is worse than none.
 * - otherwise the first engine that `npm start` would find.
 */

import { startDynamoDbLocal } from '../../lib/local/dynamodb-local.ts';
import { startEngine } from '../../lib/local/engine.ts';
import type { Engine } from '../../lib/local/running-engine.ts';

declare global {
  /** Set-up and tear-down run in one process, and Jest hands nothing from one to the other. */
  var testEngine: Engine | undefined;
}

export default async function startTestEngine(): Promise<void> {
  const engine = await chooseEngine();
  globalThis.testEngine = engine;
  process.env['DYNAMODB_ENDPOINT'] = engine.endpoint;
}

function chooseEngine(): Promise<Engine> {
  const wanted = process.env['TEST_ENGINE'] ?? '';
  if (wanted === '') return startEngine();
  if (wanted === 'dynamodb-local') return startDynamoDbLocal();
  throw new Error(`TEST_ENGINE can be dynamodb-local or unset, and is: ${wanted}`);
}
