import { startDynamoDbLocal } from '../../lib/local/dynamodb-local.ts';
import { startEngine } from '../../lib/local/engine.ts';
import type { Engine } from '../../lib/local/running-engine.ts';

export const ENGINES = ['embedded', 'dynamodb-local'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Nothing of it stays behind: workers and engine are ended on `exit`, which a signal alone does not bring about. */
export function openEngine(name: EngineName): Promise<Engine> {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  // The SDK's warning of its end on Node 20, here and in each worker that is started.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  return name === 'dynamodb-local' ? startDynamoDbLocal() : startEngine();
}
