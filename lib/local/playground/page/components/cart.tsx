import { rows } from '../playground-state.ts';

/** The rows of the run's cart, as they lie in the table. */
export function Cart() {
  const lines = rows.value ?? [];
  return (
    <section class="panel" aria-labelledby="cart-title">
      <h2 id="cart-title">The cart</h2>
      {lines.length === 0 ? (
        <p class="empty">No rows.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Article</th>
              <th scope="col">Quantity</th>
              <th scope="col">Line</th>
              <th scope="col">Added</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ lineId, sku, quantity, addedAt }) => (
              <tr key={lineId} data-line={lineId}>
                <td>{sku}</td>
                <td>{quantity}</td>
                <td>
                  <code>{lineId.slice(0, 8)}</code>
                </td>
                <td>{new Date(addedAt).toLocaleTimeString()}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="empty">
        Each line's id is derived from the key, so that a second attempt finds the first one's row.
      </p>
    </section>
  );
}
