/**
 * A mutant is dead with the first test that fails; what is left of its run tells nothing more. Jest's `bail` stops
 * between suites only and not when it is called by a program, as Stryker does. Without this a mutant that makes ten
 * tests wait for what never comes costs ten time-outs, and then counts as timed out and not as killed.
 *
 * CommonJS, because Stryker's runner loads test environments with `require`.
 */
const { TestEnvironment } = require('jest-environment-node');

/** The mutant for which a test of this worker has failed: Stryker runs one at a time and names it there. */
let deadMutant;
const activeMutant = () => process.env.__STRYKER_ACTIVE_MUTANT__;

module.exports = class FirstFailureEnvironment extends TestEnvironment {
  async handleTestEvent(event, state) {
    if (activeMutant() === undefined) return;
    if (event.name === 'test_done' && event.test.errors.length > 0) deadMutant = activeMutant();
    const isTurn = event.name === 'test_done' || event.name === 'run_start';
    if (isTurn && deadMutant === activeMutant()) skipAll(state.rootDescribeBlock);
  }
};

function skipAll(block) {
  for (const child of block.children) {
    if (child.type === 'describeBlock') skipAll(child);
    else child.mode = 'skip';
  }
}
