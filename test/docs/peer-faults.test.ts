/**
 * The comparison with Powertools: its page and the README say what one run of it printed, and the rules by which it judges
 * can find every fault that they name. (The run itself takes minutes and is no test: `npm run evidence:peer-faults`.)
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Answer } from '../../bench/peer-faults/answer.ts';
import { CONTENDERS } from '../../bench/peer-faults/contenders.ts';
import { FAULTS, type Fault, faultsOf } from '../../bench/peer-faults/faults.ts';
import type { Step } from '../../bench/peer-faults/lab.ts';
import { SCENARIOS } from '../../bench/peer-faults/scenarios/all.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/evidence/peer-faults.md');
const readme = read('README.md');

const sectionOf = (text: string, heading: string) =>
  text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
const rowsOf = (text: string) => text.split('\n').filter((line) => line.startsWith('| '));
const cellsOf = (row: string) => row.slice(2, -2).split(' | ');

describe('docs/evidence/peer-faults.md', () => {
  test('has every scenario, in the overview and step by step', () => {
    const overview = rowsOf(sectionOf(page, 'Overview')).slice(2);
    expect(overview.map((row) => cellsOf(row)[0])).toEqual(
      SCENARIOS.map(({ id, title }) => `[${title}](#${id})`),
    );
    const steps = sectionOf(page, 'Step by step');
    expect([...steps.matchAll(/^### (.*)$/gm)].map(([, title]) => title)).toEqual(
      SCENARIOS.map(({ title }) => title),
    );
    // What is said of a scenario is said of it as it is today.
    for (const { story, remark = '' } of SCENARIOS) {
      expect(steps).toContain(story);
      expect(steps).toContain(remark);
    }
  });

  test('was printed by the versions that are installed', () => {
    const { version, devDependencies } = JSON.parse(read('package.json'));
    expect(page).toContain(`\n- lambda-idempotency: ${version}\n`);
    for (const name of ['@aws-lambda-powertools/idempotency', '@middy/core', '@aws-sdk/client-dynamodb']) {
      expect(page).toContain(`\n- ${name}: ${devDependencies[name]}\n`);
    }
    expect(page).toMatch(/^- Date: \d{4}-\d{2}-\d{2}$/m);
  });

  test('was played on two engines, whose verdicts are the same', () => {
    expect(page).toContain(
      `\n- Played again on DynamoDB Local (Java): all ${SCENARIOS.length * CONTENDERS.length} verdicts are the same\n`,
    );
  });

  test('adds up in its summary what its overview says', () => {
    const [, , ...overview] = rowsOf(sectionOf(page, 'Overview')).map(cellsOf);
    const summary = new Map(
      rowsOf(sectionOf(page, 'Summary')).map((row) => [cellsOf(row)[0], cellsOf(row).slice(1)]),
    );
    const count = (holds: (verdict: string) => boolean) =>
      CONTENDERS.map((_, index) => index + 1).map(
        (column) => overview.filter((cells) => holds(cells[column] ?? '')).length,
      );
    expect(summary.get('**scenarios without a fault**')).toEqual(
      count((verdict) => verdict === 'ok').map((ok) => `${ok} of ${SCENARIOS.length}`),
    );
    for (const fault of Object.keys(FAULTS)) {
      const counted = count((verdict) => verdict.includes(fault));
      expect([fault, summary.get(`scenarios with: ${fault}`) ?? CONTENDERS.map(() => '0')]).toEqual([
        fault,
        counted.map(String),
      ]);
    }
  });
});

describe('README', () => {
  const section = sectionOf(readme, 'Beside the best-known library');

  test('quotes the summary of that page word for word, with all in which this library falls short', () => {
    const [, quoted = ''] = section.split('scenarios of ');
    const rows = rowsOf(quoted);
    const summary = rowsOf(sectionOf(page, 'Summary'));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((row) => !summary.includes(row))).toEqual([]);
    const ownFaults = summary.filter((row) => row.startsWith('| scenarios with') && cellsOf(row)[1] !== '0');
    expect(ownFaults.filter((row) => !rows.includes(row))).toEqual([]);
  });

  test('says how many scenarios there are', () => {
    expect(section).toContain(`${SCENARIOS.length} scenarios of `);
  });
});

describe('the rules of the comparison', () => {
  const result = (run: number, digest = `digest of ${run}`): Answer => ({
    kind: 'result',
    run,
    status: 201,
    kept: true,
    digest,
  });
  const refused: Answer = { kind: 'refused', reason: 'no' };
  const completed = (run: number) => ({ status: 'COMPLETED', run, leaseEndsAtMs: 0 });
  const inProgress = { status: 'INPROGRESS', run: undefined, leaseEndsAtMs: 0 };
  const step = (members: Partial<Step>): Step => ({
    name: 'a step',
    must: 'any',
    isRetry: false,
    answer: undefined,
    ownRun: undefined,
    record: completed(1),
    stillRunning: [],
    ...members,
  });

  const EXAMPLES: Readonly<Record<Fault, { readonly runs?: number; readonly steps: readonly Step[] }>> = {
    'duplicate run': { runs: 2, steps: [] },
    'lock deleted': { steps: [step({ record: undefined, stillRunning: [1] })] },
    'result deleted': { steps: [step({}), step({ record: undefined })] },
    'result overwritten': { steps: [step({}), step({ record: completed(2) })] },
    'different results': { steps: [step({ answer: result(1) }), step({ answer: result(2) })] },
    'wrong result': { steps: [step({ must: 'refusal', answer: result(1) })] },
    'changed result': { steps: [step({ answer: result(1) }), step({ answer: result(1, 'another') })] },
    'result not kept': {
      steps: [step({ answer: { kind: 'result', run: undefined, status: 200, kept: false, digest: '' } })],
    },
    'error for finished work': { steps: [step({ must: 'result', answer: refused, ownRun: 1 })] },
    "handler's error hidden": { steps: [step({ must: 'failure', answer: refused, ownRun: 1 })] },
    'request refused': { steps: [step({ must: 'result', answer: refused })] },
    'stuck key': { steps: [step({ must: 'result', answer: refused, isRetry: true })] },
  };

  // The keys of an exhaustive object are exactly the faults.
  test.each(Object.entries(EXAMPLES) as [Fault, (typeof EXAMPLES)[Fault]][])(
    'find a %s',
    (fault, { runs = 1, steps }) => {
      expect(faultsOf({ runs, steps: [...steps] }, 1)).toEqual([fault]);
    },
  );

  test('find none where all is as it should be', () => {
    const steps = [
      step({ record: inProgress, stillRunning: [1] }),
      step({ must: 'refusal', answer: refused, isRetry: true, record: inProgress, stillRunning: [1] }),
      step({ must: 'result', answer: result(1), ownRun: 1 }),
      step({ must: 'result', answer: result(1), isRetry: true }),
    ];
    expect(faultsOf({ runs: 1, steps }, 1)).toEqual([]);
  });
});
