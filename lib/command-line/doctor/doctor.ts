import { columns } from '../columns.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Table, withTable } from '../table/connection.ts';
import { tableError } from '../table/table-error.ts';
import type { TableOptions } from '../table/table-options.ts';
import type { Terminal } from '../terminal.ts';
import { diagnoseClock } from './clock-check.ts';
import type { Diagnosis, Verdict } from './diagnosis.ts';
import { diagnoseFunction, type FunctionFacts, factsOf } from './function-checks.ts';
import { diagnosePermissions } from './permission-checks.ts';
import { diagnoseBackups, diagnoseTable, diagnoseTimeToLive } from './table-checks.ts';

export interface DoctorOptions extends TableOptions {
  readonly function?: string;
  /** Seconds. */
  readonly functionTimeout?: number;
  readonly lambdaEndpoint?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<ExitCode> {
  return withTable(options, terminal, async (table) => {
    // First what a missing package would end, with nothing asked of the table.
    const facts = await functionFacts(options);
    const diagnoses = [...(await diagnosed(table)), ...diagnoseFunction(facts, table.tableName)];
    const isWell = verdictsThatFail(options).every((verdict) => counted(diagnoses, verdict) === 0);
    terminal.out(
      options.json
        ? `${JSON.stringify({ table: table.tableName, well: isWell, checks: diagnoses }, null, 2)}\n`
        : reportText(diagnoses),
    );
    return isWell ? EXIT.ok : EXIT.no;
  });
}

async function diagnosed(table: Table): Promise<readonly Diagnosis[]> {
  try {
    const described = await diagnoseTable(table);
    // Without a table there is nothing else to be seen of it.
    if (described.some(({ id, verdict }) => id === 'table' && verdict === 'problem')) return described;
    return [
      ...described,
      await diagnoseTimeToLive(table),
      await diagnoseBackups(table),
      ...(await diagnosePermissions(table)),
      await diagnoseClock(table),
    ];
  } catch (error) {
    throw tableError(error, table);
  }
}

async function functionFacts(options: DoctorOptions): Promise<FunctionFacts | string | undefined> {
  const { function: name, functionTimeout, region, lambdaEndpoint } = options;
  if (name !== undefined) return factsOf({ name, region, endpoint: lambdaEndpoint });
  return functionTimeout === undefined ? undefined : { timeoutSeconds: functionTimeout };
}

function verdictsThatFail({ strict }: DoctorOptions): readonly Verdict[] {
  return strict ? ['problem', 'warning'] : ['problem'];
}

function counted(diagnoses: readonly Diagnosis[], verdict: Verdict): number {
  return diagnoses.filter((diagnosis) => diagnosis.verdict === verdict).length;
}

function reportText(diagnoses: readonly Diagnosis[]): string {
  const rows = diagnoses.flatMap(({ id, verdict, found, right, why }) => [
    [verdict === 'problem' ? 'PROBLEM' : verdict, id, found],
    ...(right === undefined ? [] : [['', '', `  right: ${right}`]]),
    ...(why === undefined ? [] : [['', '', `  why: ${why}`]]),
  ]);
  const [problems, warnings, unseen] = (['problem', 'warning', 'not-checked'] as const).map((verdict) =>
    counted(diagnoses, verdict),
  );
  return `${columns(rows)}\n${problems} problems, ${warnings} warnings, ${unseen} not checked\n`;
}
