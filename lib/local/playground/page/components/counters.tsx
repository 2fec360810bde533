import { rows, stories } from '../playground-state.ts';

/** Effects against requests. */
export function Counters() {
  const requests = stories.value.length;
  const runs = stories.value.filter(({ attempt }) => attempt !== undefined).length;
  return (
    <dl class="counters">
      <Counter name={requests === 1 ? 'request' : 'requests'} value={requests} />
      <Counter name={runs === 1 ? 'handler run' : 'handler runs'} value={runs} />
      <Counter
        name={rows.value?.length === 1 ? 'row in the cart' : 'rows in the cart'}
        value={rows.value?.length ?? 0}
        isEffect
      />
    </dl>
  );
}

function Counter({ name, value, isEffect = false }: { name: string; value: number; isEffect?: boolean }) {
  return (
    <div class={isEffect ? 'counter counter-effect' : 'counter'}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
