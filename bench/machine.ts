import { readFileSync } from 'node:fs';
import { cpus, totalmem, type } from 'node:os';
import type { Machine } from './page.ts';

const PACKAGES = ['@aws-sdk/client-dynamodb', '@aws-lambda-powertools/idempotency', '@middy/core'];
const GIB = 1024 ** 3;

export function thisMachine(): Machine {
  const { devDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / GIB),
    system: type(),
    node: process.versions.node,
    packages: Object.fromEntries(PACKAGES.map((name) => [name, devDependencies[name]])),
  };
}
