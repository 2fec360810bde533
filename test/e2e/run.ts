/** `npm run e2e -- --url URL`: the black-box suite against a sample that is deployed already. */

import { parseArgs } from 'node:util';
import { runSuite } from './suite.ts';

const USAGE = `Holds a deployed sample to its contract, over HTTP alone.

Usage: npm run e2e -- --url URL [options]

  --url URL               base URL of the API: the output ApiUrl of the stack
  --authorization VALUE   sent as the header Authorization with each request
  --help                  this text

It adds some hundred lines to carts of its own, whose ids begin with "test-". Ends with 0 if every promise was
kept, with 1 if one was broken, with 2 on wrong arguments.`;

try {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      authorization: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
  } else {
    const url = (values.url ?? '').replace(/\/$/, '');
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
      throw new Error(
        '--url has to be the base URL of an API, such as https://abc.execute-api.eu-west-1.amazonaws.com.',
      );
    }
    process.exitCode = (await runSuite({ url, authorization: values.authorization })) ? 0 : 1;
  }
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error} --help shows the options.`);
  process.exitCode = 2;
}
