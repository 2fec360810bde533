import { readFileSync } from 'node:fs';

/** The context of cdk.json, so that the tests look at the templates that a deployment would get. */
export function featureFlags(): Record<string, unknown> {
  const settings: unknown = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
  if (
    typeof settings === 'object' &&
    settings !== null &&
    'context' in settings &&
    isRecord(settings.context)
  ) {
    return settings.context;
  }
  throw new Error('cdk.json has no "context" object.');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
