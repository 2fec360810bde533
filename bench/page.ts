/** `docs/benchmarks.md` from the runs in `docs/evidence/benchmarks`, so that no figure in it is written by hand. */
import { type OverheadRun, overheadMarkdown } from './overhead/report.ts';

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

/** A run for each section, by its name; one that has not been run has no section. */
export interface Runs {
  readonly overhead?: Run<OverheadRun>;
}

export function benchmarksMarkdown({ overhead }: Runs): string {
  const sections = overhead === undefined ? [] : [section('overhead', OVERHEAD, overhead, overheadMarkdown)];
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

const INTRODUCTION = `# Benchmarks

\`npm run bench\` measures and writes this page; \`npm run bench -- --only overhead\` measures one section again, and
\`npm run bench -- --quick\` is a small run that is printed, and written only with \`--keep\`.

Absolute times are those of one machine. Where it does other work at the same time they move by tens of percents from
one round to the next; ratios within a round move less. A target that noise hides is "undecided".`;

const OVERHEAD = `## CPU time of an invocation

What does the guard add to the requests that any lock needs? The same handler bare, between the raw SDK calls alone,
behind this library, and behind Powertools for AWS Lambda, each in processes of its own, in turn, over the library as
it is built for npm. The raw calls make no hash, no fingerprint and no owner: they are the floor of the cost, and not a
lock to use. The first table leaves out the client and the network, whose noise is larger than what a library takes.`;

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
