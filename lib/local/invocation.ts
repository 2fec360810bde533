/**
 * One invocation of a function, as the Lambda service does it: a context of its own, a deadline, and JSON as the
 * only thing that comes out.
 *
 * What it cannot do is to stop the handler: in Lambda a timed-out or crashed sandbox is gone, here its code shares our
 * process. `isDead()` is for whatever would be seen doing something after its own death.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { Happening } from './observation.ts';

export interface LambdaFunction {
  readonly name: string;
  readonly timeoutMs: number;
  /** Another time-out for this one event; `timeoutMs` where it says `undefined`. */
  readonly timeoutMsFor?: (event: APIGatewayProxyEventV2) => number | undefined;
  readonly handler: (event: APIGatewayProxyEventV2, context: Context) => Promise<unknown>;
}

export type InvocationOutcome =
  /** `payload` is the JSON that the runtime sends; `null` for `undefined`. */
  | { readonly kind: 'returned'; readonly payload: string }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'crashed' };

export interface Invocation {
  isDead(): boolean;
  /** Ends the invocation as if its process had died. Never resolves: nothing after it may run. */
  die(): Promise<never>;
  /** Remarks for whoever reports on the invocation when it is over. */
  readonly notes: string[];
  /** Tells whoever watches. Of the dead nothing is told: in Lambda nothing of them would happen. */
  observe(happening: Happening): void;
}

const current = new AsyncLocalStorage<Invocation>();

/** The invocation that the calling code is part of. */
export function currentInvocation(): Invocation | undefined {
  return current.getStore();
}

const NEVER = new Promise<never>(() => {});

export async function invoke(
  lambda: LambdaFunction,
  event: APIGatewayProxyEventV2,
  observe: (happening: Happening) => void = ignore,
): Promise<{ readonly outcome: InvocationOutcome; readonly notes: readonly string[] }> {
  let dead = false;
  let crash: (outcome: InvocationOutcome) => void = () => {};
  const crashed = new Promise<InvocationOutcome>((resolve) => {
    crash = resolve;
  });
  const invocation: Invocation = {
    isDead: () => dead,
    die: () => {
      dead = true;
      crash({ kind: 'crashed' });
      return NEVER;
    },
    notes: [],
    observe: (happening) => {
      if (!dead) observe(happening);
    },
  };

  const timeoutMs = lambda.timeoutMsFor?.(event) ?? lambda.timeoutMs;
  let deadline: NodeJS.Timeout | undefined;
  const timedOut = new Promise<InvocationOutcome>((resolve) => {
    deadline = setTimeout(() => {
      dead = true;
      resolve({ kind: 'timed-out' });
    }, timeoutMs);
  });
  try {
    const ran = current.run(invocation, () => run(lambda, event, timeoutMs));
    return { outcome: await Promise.race([ran, crashed, timedOut]), notes: invocation.notes };
  } finally {
    clearTimeout(deadline);
  }
}

async function run(
  lambda: LambdaFunction,
  event: APIGatewayProxyEventV2,
  timeoutMs: number,
): Promise<InvocationOutcome> {
  try {
    const result = await lambda.handler(event, createContext(lambda.name, timeoutMs));
    // What JSON cannot carry is an error of the runtime (Runtime.MarshalError), hence inside the try.
    return { kind: 'returned', payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    return { kind: 'threw', error };
  }
}

function createContext(name: string, timeoutMs: number): Context {
  const deadlineMs = Date.now() + timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:eu-west-1:000000000000:function:${name}`,
    memoryLimitInMB: '512',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(deadlineMs - Date.now(), 0),
    // The callbacks of Node.js 0.10, which the type still asks for.
    done: refuseCallback,
    fail: refuseCallback,
    succeed: refuseCallback,
  };
}

function refuseCallback(): void {
  throw new Error('Return a promise: the callbacks of the context are not served here.');
}

function ignore(): void {}
