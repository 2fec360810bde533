import type { ItemJson } from '../../table-view.ts';
import { run, tables } from '../playground-state.ts';
import { recordIdsOf } from '../run.ts';

/** In this order, with what each is for; further attributes follow. */
const MEANINGS: Readonly<Record<string, string>> = {
  id: 'namespace and hash of caller, method, path and key',
  status: '',
  attempt: 'one more at each takeover',
  owner: 'the only attempt that may write',
  in_progress_expiration: 'end of the lease, ms',
  validation: 'hash of query and body',
  data: 'the recorded answer',
  expiration: 'TTL, s',
};

/** The items as they lie in the table at this moment. */
export function StoredRecords() {
  const current = run.value;
  const records = tables.value?.records ?? {};
  const ids = current === undefined ? [] : recordIdsOf(current);
  const items = ids.map((id) => records[id]).filter((item) => item !== undefined && item !== null);
  return (
    <section class="panel" aria-labelledby="record-title">
      <h2 id="record-title">{items.length > 1 ? 'The records' : 'The record'}, as stored</h2>
      {items.length === 0 && <p class="empty">No record.</p>}
      {items.map((item) => (
        <Attributes key={String(attributeText(item['id']))} item={item} />
      ))}
      {items.length > 0 && current?.keys.map((key) => <RawKey key={key} value={key} items={items} />)}
    </section>
  );
}

function Attributes({ item }: { readonly item: ItemJson }) {
  const names = [
    ...Object.keys(MEANINGS).filter((name) => name in item),
    ...Object.keys(item).filter((name) => !(name in MEANINGS)),
  ];
  return (
    <dl class="record">
      {names.map((name) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
            {MEANINGS[name] ? <span class="meaning">{MEANINGS[name]}</span> : null}
          </dt>
          <dd>
            <code>{attributeText(item[name])}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Looks for the key in what is stored, rather than saying that it cannot be there. */
function RawKey({ value, items }: { readonly value: string; readonly items: readonly ItemJson[] }) {
  const isThere = JSON.stringify(items).includes(value);
  return (
    <p class={isThere ? 'raw-key raw-key-there' : 'raw-key'}>
      The key that was sent, <code>{value.slice(0, 8)}…</code>, is{' '}
      {isThere ? 'in the record!' : 'not in the record: only a hash is stored.'}
    </p>
  );
}

/** `{"S":"x"}` is x; what has members is shown as DynamoDB's JSON. */
function attributeText(attribute: unknown): string {
  const [type, value] = Object.entries(attribute as Record<string, unknown>)[0] ?? [];
  return type === 'S' || type === 'N' || type === 'B' ? String(value) : JSON.stringify(value, undefined, 1);
}
