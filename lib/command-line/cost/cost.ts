import { RESULT_MAX_BYTES } from '../../stores/result-size.ts';
import { columns } from '../columns.ts';
import { usageError } from '../command-error.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Terminal } from '../terminal.ts';
import { type Estimate, estimateOf, usdOf } from './estimate.ts';
import { type Consumption, type Outcomes, outcomesOf } from './outcomes.ts';
import type { Prices } from './prices.ts';
import { sampleAnswerJson } from './sample-answer.ts';
import type { Strategy } from './strategy.ts';

export interface CostOptions {
  readonly rps: number;
  readonly bodyKb: number;
  /** An answer's body. */
  readonly bodyFile?: string;
  /** Per cent of all requests. */
  readonly duplicates: number;
  readonly failures: number;
  readonly strategy: Strategy;
  /** Milliseconds. */
  readonly retention: number;
  readonly writePrice: number;
  readonly readPrice: number;
  readonly storagePrice: number;
  readonly json?: boolean;
}

export async function cost(options: CostOptions, terminal: Terminal): Promise<ExitCode> {
  const { duplicates, failures, strategy } = options;
  if (duplicates + failures > 100)
    throw usageError('--duplicates and --failures are more than all requests.');
  const json = answerJson(options);
  const answerBytes = Buffer.byteLength(json);
  if (answerBytes > RESULT_MAX_BYTES) {
    throw usageError(
      `The answer has ${answerBytes} bytes of JSON: Lambda sends, and a record keeps, ${RESULT_MAX_BYTES} at most.`,
    );
  }
  const prices: Prices = {
    perMillionWriteUnits: options.writePrice,
    perMillionReadUnits: options.readPrice,
    perGigabyteMonth: options.storagePrice,
  };
  const outcomes = await outcomesOf(json, strategy);
  const load = {
    requestsPerSecond: options.rps,
    duplicates: duplicates / 100,
    failures: failures / 100,
    retentionSeconds: options.retention / 1000,
  };
  const estimate = estimateOf(outcomes, load, prices);
  terminal.out(
    options.json
      ? `${JSON.stringify({ answerBytes, strategy, load, prices, outcomes, estimate }, null, 2)}\n`
      : report(options, answerBytes, outcomes, estimate, prices),
  );
  return EXIT.ok;
}

/** The JSON of an HTTP answer, in which a body is a string. */
function answerJson({ bodyKb, bodyFile }: CostOptions): string {
  if (bodyFile === undefined) return sampleAnswerJson(Math.round(bodyKb * 1024));
  const headers = { 'Content-Type': 'application/json' };
  return JSON.stringify({ statusCode: 201, headers, body: bodyFile });
}

function report(
  options: CostOptions,
  answerBytes: number,
  outcomes: Outcomes,
  estimate: Estimate,
  prices: Prices,
): string {
  const beside = outcomes.chunks === 0 ? '' : `, in the record and ${outcomes.chunks} items beside it`;
  const usd = (consumption: Consumption) => (usdOf(consumption, prices) * 1_000_000).toFixed(2);
  const row = (name: string, consumption: Consumption) => [
    name,
    String(consumption.requests),
    String(consumption.writeUnits),
    String(consumption.readUnits),
    usd(consumption),
  ];
  return `An answer of ${amount(answerBytes)} bytes as JSON, kept as ${amount(outcomes.storedBytes)} bytes${beside}

${columns([
  ['outcome', 'requests', 'write units', 'read units', 'USD per million'],
  row('first run', outcomes.firstRun),
  row('duplicate, completed', outcomes.duplicate),
  row('duplicate, in progress', outcomes.inProgress),
  row('handler fails', outcomes.failure),
])}
${amount(options.rps)} requests a second, ${options.duplicates} % duplicates, ${options.failures} % failures

${columns([
  ['write units a second', amount(estimate.writeUnitsPerSecond)],
  ['read units a second', amount(estimate.readUnitsPerSecond)],
  ['partitions, at least', amount(estimate.partitions)],
  ['units a month', `USD ${amount(estimate.unitsUsdPerMonth)}`],
  [
    'table',
    `${amount(estimate.storedGigabytes)} GB, up to ${amount(estimate.storedGigabytesWithTtlLag)} GB while TTL lags two days behind`,
  ],
  ['storage a month', `USD ${amount(estimate.storageUsdPerMonth)}`],
])}
The table alone, at USD ${prices.perMillionWriteUnits} and ${prices.perMillionReadUnits} for a million write and read units and ${prices.perGigabyteMonth} for a GB a month;
refused writes are billed by the size of the record. docs/scale.md has the sources, quotas and the way to 100,000 a second.
`;
}

function amount(number: number): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: number < 100 ? 2 : 0 });
}
