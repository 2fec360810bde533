import { got, isSuccess, sameResult } from '../answers.ts';
import { type Check, fail, PASS, unclear } from '../check.ts';

export const CALLERS: readonly Check[] = [
  {
    id: 'key-of-one-caller',
    title:
      "Another caller with the same key and payload neither gets the first one's result nor is stopped by it",
    level: 'draft',
    source: '5',
    judge: async (evidence) => {
      const { target } = evidence;
      if (target.settings.otherCaller === undefined) {
        return unclear('--other-caller gives the headers of another caller');
      }
      if (!(await evidence.answersTellRuns())) {
        return unclear('two runs give the same answer, so it does not show whose result it is');
      }
      const { operation, answer } = await evidence.single(() => ({}));
      const other = await target.send(operation, { otherCaller: true });
      if (sameResult(answer, other)) return fail("got the first caller's result");
      return isSuccess(other) ? PASS : fail(got(other));
    },
  },
];
