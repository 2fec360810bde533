import type { RequestReport } from './gateway.ts';

/** One line of output for one request: `14:03:07.512  201  POST /cart/items  12 ms  #3f9ac0de acquired, completed`. */
export function reportLine(report: RequestReport, now = new Date()): string {
  const columns = [
    now.toISOString().slice(11, 23),
    String(report.status),
    `${report.method} ${report.path}`,
    `${Math.round(report.durationMs)} ms`,
  ];
  const remarks = [...report.notes];
  if (report.outcome === 'crashed') remarks.push('crashed, in doubt until the lease ends');
  if (report.outcome === 'timed-out') remarks.push('timed out, in doubt until the lease ends');
  if (report.clientLeftAfterMs !== undefined) {
    remarks.push(`the client had left after ${Math.round(report.clientLeftAfterMs)} ms`);
  }
  if (remarks.length > 0) columns.push(remarks.join(', '));
  return columns.join('  ');
}
