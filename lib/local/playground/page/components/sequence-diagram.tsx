/**
 * A list, which reads as well as it looks: each row is a sentence to those who do not see the lines. The lifelines
 * are drawn by the style sheet; what is running and what is locked shows on them.
 */

import { type DiagramRow, diagramRows, type Lifeline } from '../diagram-rows.ts';
import type { Run } from '../run.ts';
import { Arrow } from './arrow.tsx';

const LIFELINES: readonly (readonly [Lifeline, string])[] = [
  ['client', 'Client'],
  ['function', 'Function'],
  ['dynamodb', 'DynamoDB'],
];
const NAMES = Object.fromEntries(LIFELINES) as Record<Lifeline, string>;

/** A pause that a person notices. */
const GAP_MIN_MS = 400;

export function SequenceDiagram({ run }: { readonly run: Run | undefined }) {
  const rows = diagramRows(run?.events ?? []);
  const last = rows.at(-1);
  return (
    <div class="diagram">
      <div class="lifelines" aria-hidden="true">
        {LIFELINES.map(([lifeline, name]) => (
          <span key={lifeline} class={`head head-${lifeline}`}>
            {name}
          </span>
        ))}
      </div>
      <ol aria-label="What happened, in order">
        {rows.map((row, index) => (
          <Row key={row.id} row={row} before={rows[index - 1]} startedAtMs={rows[0]?.atMs ?? 0} />
        ))}
      </ol>
      {run?.isOver !== true && (
        <p class={`row tail ${stateClasses(last)}`}>
          <span class="tail-words">{last?.isRunning ? 'at work …' : ''}</span>
        </p>
      )}
      <Legend />
    </div>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-hidden="true">
      <li class="legend-running">handler runs</li>
      <li class="legend-locked">key locked</li>
      <li class="legend-consumed">key consumed</li>
    </ul>
  );
}

interface RowProps {
  readonly row: DiagramRow;
  readonly before: DiagramRow | undefined;
  readonly startedAtMs: number;
}

function Row({ row, before, startedAtMs }: RowProps) {
  const gapMs = before === undefined ? 0 : row.atMs - before.atMs;
  const place = row.kind === 'note' ? `at-${row.at}` : `from-${row.from} to-${row.to}`;
  const time = timeText(row, startedAtMs);
  return (
    <>
      {gapMs >= GAP_MIN_MS && (
        <li class={`row gap ${stateClasses(before)}`}>
          <span class="gap-words">{(gapMs / 1000).toFixed(1)} s later</span>
        </li>
      )}
      <li class={`row ${row.kind} ${place} tone-${row.tone} ${stateClasses(row)}`}>
        <span class="visually-hidden">{spoken(row)}</span>
        <span class="time" aria-hidden="true">
          {before !== undefined && timeText(before, startedAtMs) === time ? '' : time}
        </span>
        <span class="what">
          <span class="label">
            {row.requests.length > 0 && (
              <span class="badge" aria-hidden="true">
                {range(row.requests)}
              </span>
            )}
            {row.label}
          </span>
          {row.kind === 'arrow' && <Arrow leftward={isLeftward(row)} isLost={row.isLost} />}
        </span>
      </li>
    </>
  );
}

function timeText({ atMs }: DiagramRow, startedAtMs: number): string {
  return ((atMs - startedAtMs) / 1000).toFixed(2);
}

function isLeftward({ from, to }: { readonly from: Lifeline; readonly to: Lifeline }): boolean {
  return LIFELINES.findIndex(([name]) => name === from) > LIFELINES.findIndex(([name]) => name === to);
}

function stateClasses(row: DiagramRow | undefined): string {
  return `${row?.isRunning ? 'running' : ''} key-${row?.key ?? 'absent'}`;
}

function spoken(row: DiagramRow): string {
  const who = row.kind === 'note' ? NAMES[row.at] : `${NAMES[row.from]} to ${NAMES[row.to]}`;
  if (row.requests.length === 0) return `${who}: `;
  return `${who}, ${row.requests.length === 1 ? 'request' : 'requests'} ${range(row.requests)}: `;
}

/** `1`, `2 3`, `2–10`. */
function range(requests: readonly number[]): string {
  const sorted = requests.toSorted((a, b) => a - b);
  const [first = 0] = sorted;
  const last = sorted.at(-1) ?? first;
  const isRow = sorted.length > 2 && last - first === sorted.length - 1;
  return isRow ? `${first}–${last}` : sorted.length > 4 ? `${sorted.length}×` : sorted.join(' ');
}
