import { argumentsOrExit } from '../../test/support/run-arguments.ts';
import { type Counts, measureRequests } from './measure.ts';

const USAGE = `Counts DynamoDB requests per outcome, this library beside Powertools.

Usage: npm run bench:requests -- [--json]`;

const { json } = argumentsOrExit(
  USAGE,
  {
    json: { type: 'boolean', default: false },
  },
  (values) => values,
);

function printTable(results: Readonly<Record<string, Counts>>): void {
  const names = Object.keys(results);
  const outcomes = Object.keys(results[names[0] ?? ''] ?? {});
  const rows = outcomes.map((outcome) => [
    outcome,
    ...names.map((name) => {
      const sent = results[name]?.[outcome];
      if (sent === undefined) return 'not offered';
      return `${sent.length}${sent.length > 0 ? `  (${sent.join(', ')})` : ''}`;
    }),
  ]);
  const table = [['outcome', ...names], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3))
        .join('')
        .trimEnd(),
    );
  }
}

const { engine, results, writes } = await measureRequests();
if (json) {
  console.log(JSON.stringify({ engine, node: process.version, results, writes }, null, 2));
} else {
  console.log(`\n${engine}, Node ${process.version}\n`);
  printTable(results);
  console.log('\nA handler that puts one row, its own write included:\n');
  printTable(writes);
}
