/** `docs/benchmarks.md` from the runs in `docs/evidence/benchmarks`, so that no figure in it is written by hand. */
import { coldStartMarkdown } from './cold-start/report.ts';
import { latencyMarkdown } from './latency/report.ts';
import { locksMarkdown } from './locks/report.ts';
import { memoryMarkdown } from './memory/report.ts';
import { overheadMarkdown } from './overhead/report.ts';
import { recoveryMarkdown } from './recovery/report.ts';
import { unitsMarkdown } from './units/report.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly packages: Readonly<Record<string, string>>;
}

export interface Run<Measured> {
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly measured: Measured;
}

/** What a section says before its figures, and how its figures are shown. In the order of the page. */
const SECTIONS = {
  overhead: {
    text: `## CPU time of an invocation

What does the guard add to the requests that any lock needs? The same handler bare, between the raw SDK calls alone,
behind this library, and behind Powertools for AWS Lambda, each in processes of its own, in turn, over the library as
it is built for npm. The raw calls make no hash, no fingerprint and no owner: they are the floor of the cost, and not a
lock to use. The first table leaves out the client and the network, whose noise is larger than what a library takes.`,
    markdown: overheadMarkdown,
  },
  'cold-start': {
    text: `## Cold start

What does the guard add to the bundle, and to the time until a new sandbox has its handler? The floor is the SDK's client
with the four commands that a lock uses. A Lambda sandbox has less CPU than this machine: ratios carry over, times do not.`,
    markdown: coldStartMarkdown,
  },
  latency: {
    text: `## Latency and throughput

How long does a guarded first run take over an engine on the same machine, with 1 to 256 invocations at once in one
process? Over a network each request takes milliseconds more, for all alike.`,
    markdown: latencyMarkdown,
  },
  units: {
    text: `## Requests and capacity units

What does DynamoDB bill? A refused write is billed as well, by the size of the record, and no engine reports it: the
units below are those of first runs. [response-size.md](evidence/response-size.md) has all sizes, and duplicates.`,
    markdown: unitsMarkdown,
  },
  memory: {
    text: `## Memory

What does a sandbox keep of the invocations that are over?`,
    markdown: memoryMarkdown,
  },
  recovery: {
    text: `## After a crash

A process is killed while its handler is at work. From then on another one asks for the same key every 50 ms: when may it
run? The price of short leases that are renewed is beside it. Leases decide here, and not the machine.`,
    markdown: recoveryMarkdown,
  },
  locks: {
    text: `## Locks

How many grants of one lock fit into a second, for one caller alone and for sixteen, who hold it for no time?`,
    markdown: locksMarkdown,
  },
};

export type SectionName = keyof typeof SECTIONS;
// The keys of an object literal are strings in the type of `Object.keys`.
export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];

/** What each section measures. */
export type Measured = { readonly [Name in SectionName]: Parameters<(typeof SECTIONS)[Name]['markdown']>[0] };

/** A run for each section, by its name; one that has not been run has no section. */
export type Runs = { readonly [Name in SectionName]?: Run<Measured[Name]> };

export function benchmarksMarkdown(runs: Runs): string {
  return `${[INTRODUCTION, ...SECTION_NAMES.flatMap((name) => sectionOf(name, runs))].join('\n\n')}\n`;
}

function sectionOf<Name extends SectionName>(name: Name, runs: Runs): string[] {
  const run = runs[name];
  if (run === undefined) return [];
  // A section's run and its way to show it belong together; TypeScript cannot follow that through an index.
  const { text, markdown } = SECTIONS[name] as { text: string; markdown: (measured: unknown) => string };
  return [section(name, text, run, markdown)];
}

const INTRODUCTION = `# Benchmarks

\`npm run bench\` measures and writes this page; \`npm run bench -- --only overhead\` measures one section again, and
\`npm run bench -- --quick\` is a small run that is printed, and written only with \`--keep\`.

Absolute times are those of one machine. Where it does other work at the same time they move by tens of percents from
one round to the next; ratios within a round move less. A target that noise hides is "undecided".`;

function section<Measured>(
  name: string,
  text: string,
  { date, command, machine, measured }: Run<Measured>,
  markdown: (measured: Measured) => string,
): string {
  const { cpu, cores, memoryGiB, system, node, packages } = machine;
  const versions = Object.entries(packages).map(([title, version]) => `${title} ${version}`);
  return [
    text,
    `\`${command}\`, ${date}; ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; ${[`Node ${node}`, ...versions].join(', ')}.`,
    markdown(measured),
    `Every round: [evidence/benchmarks/${name}.json](evidence/benchmarks/${name}.json).`,
  ].join('\n\n');
}
