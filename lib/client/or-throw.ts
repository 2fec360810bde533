import { AnswerError } from './errors.ts';
import { isRetryableProblem, readProblem, serverProblemCode } from './problem.ts';
import { reasonToRetry } from './retry-policy.ts';

/**
 * The answer, if it is below 400.
 *
 *     const line = await orThrow(operation.send()).then((response) => response.json());
 *
 * @throws AnswerError otherwise, with the problem document if the answer is one; and what `answer` rejects with
 */
export async function orThrow(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  if (response.status < 400) return response;
  const problem = await readProblem(response);
  const code = serverProblemCode(problem);
  const retryable =
    code === undefined
      ? reasonToRetry({ kind: 'answer', response, problemCode: undefined }) !== undefined
      : isRetryableProblem(code);
  throw new AnswerError({ response, problem, code, retryable });
}
