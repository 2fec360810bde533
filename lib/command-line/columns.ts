/**
 * Rows of text in columns, two spaces apart, without blanks at the ends of lines. Ids and headers are other people's text: a control
 * character in it could change what a terminal shows, and is shown as `?`.
 */
export function columns(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, '?')));
  const widths: number[] = [];
  for (const row of shown) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  return shown
    .map((row) => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
