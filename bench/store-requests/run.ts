import { parseArgs } from 'node:util';
import { type Counts, measureRequests } from './measure.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(
    'Counts DynamoDB requests per outcome, this library beside Powertools.\n\nUsage: npm run bench:requests -- [--json]',
  );
  process.exit(0);
}

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
if (values.json) {
  console.log(JSON.stringify({ engine, node: process.version, results, writes }, null, 2));
} else {
  console.log(`\n${engine}, Node ${process.version}\n`);
  printTable(results);
  console.log('\nA handler that puts one row, its own write included:\n');
  printTable(writes);
}
