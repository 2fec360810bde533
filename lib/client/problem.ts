/**
 * Problem documents (RFC 9457), and which of them are the server's half of this library. The codes are written out here
 * rather than imported: the server's modules bring types of Node.js and AWS with them. A test holds the two together.
 */
export interface ProblemDocument {
  /** URI of the kind of problem; `about:blank` where the document has none (RFC 9457 section 3.1.1). */
  readonly type: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly instance?: string;
  /** Extension members. */
  readonly [member: string]: unknown;
}

/** What the server's half answers with, and whether the same request can have another answer later. */
const RETRYABLE = {
  KEY_MISSING: false,
  KEY_INVALID: false,
  IN_PROGRESS: true,
  PAYLOAD_MISMATCH: false,
  OUTCOME_UNKNOWN: false,
  SUPERSEDED: true,
  STORE_UNAVAILABLE: true,
  RESULT_TOO_LARGE: false,
  RESULT_NOT_RECORDED: false,
  STEP_NOT_RECORDED: false,
  COMMIT_CONDITION_FAILED: false,
  COMMIT_INVALID: false,
  LOCK_NOT_ACQUIRED: true,
  LEASE_LOST: true,
  PERMITS_MISMATCH: false,
  CONFIGURATION: false,
} as const;

/** The `code` of a problem document (RFC 9457) that the server's half answers. */
export type ServerProblemCode = keyof typeof RETRYABLE;

// The keys of an object literal, which are the codes.
export const SERVER_PROBLEM_CODES = Object.keys(RETRYABLE) as readonly ServerProblemCode[];

const TYPE_PREFIX = 'urn:lambda-idempotency:problem:';
/** Characters. Our own documents take some 400; more than this is no word about the request. */
const PROBLEM_MAX_LENGTH = 64 * 1024;

/** The code of the server's half, by the type of the problem; `undefined` for problems of anybody else. */
export function serverProblemCode(problem: ProblemDocument | undefined): ServerProblemCode | undefined {
  if (!problem?.type.startsWith(TYPE_PREFIX)) return undefined;
  const code = problem.type.slice(TYPE_PREFIX.length).toUpperCase().replaceAll('-', '_');
  return SERVER_PROBLEM_CODES.find((known) => known === code);
}

export function isRetryableProblem(code: ServerProblemCode): boolean {
  return RETRYABLE[code];
}

/**
 * The problem document of an answer, whose own body stays unread. `undefined` if it is none: another content type, no
 * JSON object, or one that is too long.
 */
export async function readProblem(response: Response): Promise<ProblemDocument | undefined> {
  const mediaType = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/problem+json' || response.bodyUsed) return undefined;
  const text = await response.clone().text();
  if (text.length > PROBLEM_MAX_LENGTH) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const { type } = value as { type?: unknown };
    return { ...value, type: typeof type === 'string' ? type : 'about:blank' };
  } catch {
    return undefined; // Says that it is JSON, and is not.
  }
}
