/**
 * Request headers that make the hazards visible, in local runs only. The deployed functions do not know them: this
 * file wraps the handler and its cart from outside, and no bundle contains it.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { Cart } from '../../functions/add-to-cart/cart.ts';
import { invalidRequest, problemAnswer, type Violation } from '../../functions/problem-answers.ts';
import { LOSS_HEADERS, percentOf } from './demo-loss.ts';
import { currentInvocation, type LambdaFunction } from './invocation.ts';

const FAILURES = ['before-effect', 'after-effect', 'crash-before-effect', 'crash'] as const;
type Failure = (typeof FAILURES)[number];

interface DemoControls {
  readonly workMs: number;
  readonly failure: Failure | undefined;
}

const WORK_MAX_MS = 10_000;
/** What Lambda and an HTTP API allow, as for the option --timeout. */
const TIMEOUT_MIN_MS = 1_000;
const TIMEOUT_MAX_MS = 29_000;
const TENANT = /^[A-Za-z0-9_-]{1,64}$/;

const controlsOfInvocation = new AsyncLocalStorage<DemoControls>();

/** Thrown on demand; what becomes of it is up to the handler's own middlewares, as for any error of a handler. */
class DemoFailure extends Error {
  constructor(failure: Failure) {
    super(`x-demo-fail: ${failure}`);
    this.name = 'DemoFailure';
  }
}

/** The handler with the demo headers read first: 400 for one that makes no sense, and a caller for `x-demo-tenant`. */
export function withDemoControls(handler: LambdaFunction['handler']): LambdaFunction['handler'] {
  return async function handleWithDemoControls(event: APIGatewayProxyEventV2, context: Context) {
    const { headers } = event;
    const work = headers['x-demo-work-ms'] ?? '0';
    const fail = headers['x-demo-fail'];
    const tenant = headers['x-demo-tenant'];
    const timeout = headers['x-demo-timeout-ms'];
    const errors: Violation[] = [];
    if (!/^\d{1,5}$/.test(work) || Number(work) > WORK_MAX_MS) {
      errors.push({
        field: 'x-demo-work-ms',
        message: `must be a whole number of milliseconds from 0 to ${WORK_MAX_MS}`,
      });
    }
    if (fail !== undefined && !isFailure(fail)) {
      errors.push({ field: 'x-demo-fail', message: `must be one of ${FAILURES.join(', ')}` });
    }
    if (timeout !== undefined && demoTimeoutMs(event) === undefined) {
      errors.push({
        field: 'x-demo-timeout-ms',
        message: `must be a whole number of milliseconds from ${TIMEOUT_MIN_MS} to ${TIMEOUT_MAX_MS}`,
      });
    }
    for (const field of LOSS_HEADERS) {
      if (headers[field] !== undefined && percentOf(headers[field]) === undefined) {
        errors.push({ field, message: 'must be a whole number from 0 to 100' });
      }
    }
    if (tenant !== undefined && !TENANT.test(tenant)) {
      errors.push({
        field: 'x-demo-tenant',
        message: 'must be 1 to 64 letters, digits, underscores or hyphens',
      });
    }
    if (errors.length > 0) return problemAnswer(invalidRequest(errors));

    const controls: DemoControls = {
      workMs: Number(work),
      failure: isFailure(fail) ? fail : undefined,
    };
    const ownEvent = tenant === undefined ? event : withAuthorizedCaller(event, tenant);
    return controlsOfInvocation.run(controls, () => handler(ownEvent, context));
  };
}

/** The time-out that `x-demo-timeout-ms` asks for: a short one makes a short lease, for those who watch it run out. */
export function demoTimeoutMs({ headers }: Pick<APIGatewayProxyEventV2, 'headers'>): number | undefined {
  const text = headers['x-demo-timeout-ms'] ?? '';
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value >= TIMEOUT_MIN_MS && value <= TIMEOUT_MAX_MS ? value : undefined;
}

/** The cart with the controls of the current request round its one effect. */
export function withDemoHazards(cart: Cart): Cart {
  return { addLine: (line) => amongDemoHazards(() => cart.addLine(line)) };
}

/** `takeEffect` with the controls of the current request round it. */
export async function amongDemoHazards<T>(takeEffect: () => Promise<T>): Promise<T> {
  const { workMs, failure } = controlsOfInvocation.getStore() ?? { workMs: 0, failure: undefined };
  if (workMs > 0) await pause(workMs);
  // Timed out meanwhile. In Lambda nothing of this process would be left to go on.
  const invocation = currentInvocation();
  if (invocation?.isDead()) return invocation.die();
  if (failure === 'before-effect') throw new DemoFailure(failure);
  if (failure === 'crash-before-effect') await invocation?.die();

  const result = await takeEffect();
  if (failure === 'after-effect') throw new DemoFailure(failure);
  // The worst moment: the row is there, and nobody will ever say so.
  if (failure === 'crash') await invocation?.die();
  return result;
}

/** As API Gateway's JWT authorizer leaves its finding in the event. */
function withAuthorizedCaller(event: APIGatewayProxyEventV2, subject: string): APIGatewayProxyEventV2 {
  const authorizer = { jwt: { claims: { iss: 'urn:demo-issuer', sub: subject }, scopes: null } };
  // The members are those of the event with a JWT authorizer, which the general type leaves out.
  return { ...event, requestContext: { ...event.requestContext, authorizer } } as APIGatewayProxyEventV2;
}

function isFailure(value: string | undefined): value is Failure {
  return (FAILURES as readonly (string | undefined)[]).includes(value);
}
