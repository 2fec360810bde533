/** Prints the Node that runs this, and which Middy it is given: for test/unit/versions/in-use.test.ts. */
import { middyInUse } from './middy-in-use.ts';

console.log(JSON.stringify({ node: process.versions.node.split('.')[0], middy: middyInUse() }));
