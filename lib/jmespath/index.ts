/** Entry of `lambda-idempotency/jmespath`. Needs `@aws-lambda-powertools/jmespath`, which nothing else imports. */

export { jmespath } from './jmespath.ts';
