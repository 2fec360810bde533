/** What a client was told, read from the answer itself: worker and client read it alike. */
export type Answer =
  | {
      readonly kind: 'result';
      readonly status: number;
      /** The one execution of the handler that made this result. */
      readonly executionId: string;
      readonly attempt: number | undefined;
      readonly lineId: string;
    }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** The handler's own failure, its early time-out, or one of the front door's. */
  | { readonly kind: 'failed'; readonly status: number };

export function readAnswer(status: number, body: string): Answer {
  // Every body of these workers is JSON: a result, a problem document, or the front door's `{"message"}`.
  const { code, executionId, attempt, lineId } = JSON.parse(body) as {
    readonly code?: string;
    readonly executionId?: string;
    readonly attempt?: number;
    readonly lineId?: string;
  };
  if (code !== undefined) return { kind: 'refused', status, code };
  if (executionId === undefined || lineId === undefined) return { kind: 'failed', status };
  return { kind: 'result', status, executionId, attempt, lineId };
}

export function describeAnswer(answer: Answer): string {
  switch (answer.kind) {
    case 'result':
      return `${answer.status}, result of execution ${answer.executionId.slice(0, 8)}`;
    case 'refused':
      return `${answer.status} ${answer.code}`;
    case 'failed':
      return `${answer.status}`;
  }
}
