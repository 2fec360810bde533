/**
 * The databases of many servers, one each. A row is put on condition that its database has none with that id; no
 * database knows of another.
 */
export class Databases {
  readonly #rows = new Map<number, Set<string>>();

  /** Whether the row was put: `false` where this database has it. */
  put(database: number, rowId: string): boolean {
    const rows = this.#rows.get(database) ?? new Set();
    this.#rows.set(database, rows);
    if (rows.has(rowId)) return false;
    rows.add(rowId);
    return true;
  }

  get state(): readonly unknown[] {
    return [...this.#rows].map(([database, rows]) => [database, [...rows]]);
  }
}
