/** An HTTP answer with a JSON body of a given size: rows of ids, names, numbers and dates, which compress as such do. */
import { createHash } from 'node:crypto';

const NAMES = ['apple', 'organic pear', 'wool blanket', 'linen shirt', 'green glass bottle', 'paper, ruled'];

/** The JSON of the answer, as the Lambda runtime sends it. The same one each time. */
export function sampleAnswerJson(bodyBytes: number): string {
  return JSON.stringify({
    statusCode: 201,
    headers: { 'Content-Type': 'application/json' },
    body: sampleBody(bodyBytes),
  });
}

function sampleBody(bytes: number): string {
  const rows: string[] = [];
  let left = bytes - '{"rows":[]}'.length;
  for (let index = 0; left > 0; index++) {
    const row = sampleRow(index);
    rows.push(row);
    left -= row.length + 1;
  }
  const body = `{"rows":[${rows.join(',')}]}`;
  // To the byte: blanks are JSON, too, and the last row may be one too many.
  return body.length <= bytes ? body.padEnd(bytes) : shortened(rows, bytes);
}

function shortened(rows: readonly string[], bytes: number): string {
  return `{"rows":[${rows.slice(0, -1).join(',')}]}`.padEnd(bytes);
}

function sampleRow(index: number): string {
  const digest = createHash('sha256').update(`row ${index}`).digest();
  return JSON.stringify({
    id: digest.toString('hex').slice(0, 32),
    name: NAMES[digest.readUInt8(0) % NAMES.length],
    quantity: 1 + (digest.readUInt8(1) % 9),
    price: digest.readUInt16BE(2) / 100,
    addedAt: new Date(1_800_000_000_000 + digest.readUInt32BE(4)).toISOString(),
  });
}
