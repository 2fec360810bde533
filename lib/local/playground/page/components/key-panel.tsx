import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type KeyLife, keyLife } from '../key-life.ts';
import { run, tables } from '../playground-state.ts';
import { recordIdsOf } from '../run.ts';
import { serverNowMs } from '../server-clock.ts';
import { FUNCTION_TIMEOUT_MS } from '../stage.ts';

const TICK_MS = 100;
const nowMs = signal(serverNowMs());

/** The key's life, as its record in the table tells it; of two tenants' keys, both. */
export function KeyPanel() {
  useEffect(() => {
    const timer = setInterval(() => {
      nowMs.value = serverNowMs();
    }, TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const ids = run.value === undefined ? [] : recordIdsOf(run.value);
  const records = ids.map((id) => [id, tables.value?.records[id]] as const);
  return (
    <section class="panel" aria-labelledby="key-title">
      <h2 id="key-title">The key</h2>
      {records.length === 0 && <KeyStates life={{ state: 'absent' }} />}
      {records.map(([id, item]) => (
        <div class="key" key={id}>
          <KeyStates life={keyLife(item, nowMs.value)} />
        </div>
      ))}
    </section>
  );
}

const STEPS = [
  ['absent', 'No record'],
  ['in-progress', 'In progress'],
  ['completed', 'Completed'],
] as const;

function KeyStates({ life }: { readonly life: KeyLife }) {
  const shown = life.state === 'lapsed' ? 'in-progress' : life.state;
  return (
    <>
      <ol class="steps">
        {STEPS.map(([state, name]) => (
          <li key={state} class={`step step-${state}`} aria-current={shown === state ? 'step' : undefined}>
            {name}
          </li>
        ))}
      </ol>
      <Lease life={life} />
    </>
  );
}

/** The longest lease that the page's own requests have: the time-out, and a second for clocks that differ. */
const LEASE_MAX_MS = FUNCTION_TIMEOUT_MS + 1_000;

function Lease({ life }: { readonly life: KeyLife }) {
  switch (life.state) {
    case 'absent':
      return <p class="lease">The first request with a key takes the lock.</p>;
    case 'in-progress':
      return (
        <p class="lease">
          Attempt {life.attempt} holds the lock; its lease ends in {(life.leaseRemainingMs / 1000).toFixed(1)}{' '}
          s.
          <progress
            max={LEASE_MAX_MS}
            value={Math.min(life.leaseRemainingMs, LEASE_MAX_MS)}
            aria-label="What is left of the lease"
          />
        </p>
      );
    case 'lapsed':
      return (
        <p class="lease lease-lapsed">
          The lease of attempt {life.attempt} is over and nobody has said how it ended. The next request takes
          over.
        </p>
      );
    case 'completed':
      return (
        <p class="lease">
          Consumed by attempt {life.attempt}. Every retry gets its result, until{' '}
          {new Date(life.expiresAtMs).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}.
        </p>
      );
  }
}
