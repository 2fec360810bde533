import { Duration } from 'aws-cdk-lib';

/** What a browser's client of this library needs: without the first it could not send, without the others not read. */
const SENT_HEADERS = ['Content-Type', 'Authorization', 'Idempotency-Key'];
const READ_HEADERS = ['Idempotent-Replayed', 'Retry-After', 'Link', 'Location'];

export interface IdempotentCors {
  /** Origins whose pages may call, as `https://shop.example`; `*` stands for all, and then without credentials. */
  readonly allowOrigins: readonly string[];

  /**
   * Headers that pages may send, besides `Content-Type`, `Authorization` and `Idempotency-Key`.
   *
   * @default - none
   */
  readonly allowHeaders?: readonly string[];

  /**
   * Headers that pages may read, besides `Idempotent-Replayed`, `Retry-After`, `Link` and `Location`.
   *
   * @default - none
   */
  readonly exposeHeaders?: readonly string[];

  /**
   * Whether pages may send cookies. Not together with the origin `*`.
   *
   * @default false
   */
  readonly allowCredentials?: boolean;

  /**
   * How long a browser keeps the answer of a preflight.
   *
   * @default Duration.hours(1)
   */
  readonly maxAge?: Duration;
}

export interface ResolvedCors {
  readonly allowOrigins: string[];
  readonly allowHeaders: string[];
  readonly exposeHeaders: string[];
  readonly allowCredentials: boolean;
  readonly maxAge: Duration;
}

/** @throws Error where browsers would refuse the combination */
export function resolveCors(cors: IdempotentCors): ResolvedCors {
  const { allowOrigins, allowHeaders = [], exposeHeaders = [], allowCredentials = false } = cors;
  if (allowOrigins.length === 0)
    throw new Error('cors.allowOrigins has to name an origin; leave out cors for none.');
  if (allowCredentials && allowOrigins.includes('*')) {
    throw new Error(
      'cors.allowCredentials needs origins by name: browsers send no cookies where any origin may call.',
    );
  }
  return {
    allowOrigins: [...allowOrigins],
    allowHeaders: [...SENT_HEADERS, ...allowHeaders],
    exposeHeaders: [...READ_HEADERS, ...exposeHeaders],
    allowCredentials,
    maxAge: cors.maxAge ?? Duration.hours(1),
  };
}
