import { existsSync, readFileSync } from 'node:fs';
import { type Runs, SECTION_NAMES, type SectionName } from './page.ts';

export const PAGE = new URL('../docs/benchmarks.md', import.meta.url);
export const fileOf = (name: SectionName): URL =>
  new URL(`../docs/evidence/benchmarks/${name}.json`, import.meta.url);

/** The runs that are kept, those of sections that were never run left out. */
export function keptRuns(): Runs {
  const kept = SECTION_NAMES.filter((name) => existsSync(fileOf(name)));
  return Object.fromEntries(kept.map((name) => [name, JSON.parse(readFileSync(fileOf(name), 'utf8'))]));
}
