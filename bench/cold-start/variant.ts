/** A sandbox's first moments: `variant.ts BUNDLE` prints when the handler was there and when it had answered, from process start. */
import { pathToFileURL } from 'node:url';
import { httpApiEvent, lambdaContext } from '../../test/support/events.ts';

const { handler } = await import(pathToFileURL(process.argv[2] ?? '').href);
const readyMs = performance.now();
const { statusCode } = await handler(
  httpApiEvent({ key: `cold-${process.pid}-${Date.now()}` }),
  lambdaContext(),
);
const answeredMs = performance.now();
if (statusCode !== 201) throw new Error(`The function answered ${statusCode}.`);
process.stdout.write(JSON.stringify({ readyMs, answeredMs }), () => process.exit());
