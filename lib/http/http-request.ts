/** The one request that the event of every front door becomes. */

/**
 * Where the event came from, which also decides the form of an answer. `rest-api` stands for payload format 1.0
 * (REST APIs, and HTTP APIs that are set to it), `http-api` for payload format 2.0 (HTTP APIs and function
 * URLs), `alb-multi-value` for a target group with `lambda.multi_value_headers.enabled`.
 */
export type FrontDoor = 'rest-api' | 'http-api' | 'alb' | 'alb-multi-value';

export interface HttpRequest {
  readonly frontDoor: FrontDoor;
  /** Upper case. */
  readonly method: string;
  /** The path that was requested, not the route template: `/cart/7`, not `/cart/{cartId}`. */
  readonly path: string;
  /** Decoded names and values in order of arrival, as far as the front door keeps that order. */
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly body: HttpBody;

  /**
   * Who calls, according to the authorizer: see `caller.ts`. A method, so that a `caller` given in the options
   * makes up for an authorizer that this library does not know.
   *
   * @throws ConfigurationError where an authorizer ran but does not tell whom it let in.
   */
  caller(): string | undefined;

  /** Every value of a header as its own entry, whatever the case of the name; none if it is not there. */
  headerValues(name: string): readonly string[];
}

/** `parsed` is what a body parser that ran before us has put in the place of the text. */
export type HttpBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'parsed'; readonly value: unknown };
