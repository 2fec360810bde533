/**
 * One line of JSON a request, with the request's id and its outcome. The status is the outcome: 201 ran, 200 was
 * replayed where the first answer was a 201, 409 was in progress, 422 was another payload.
 *
 * No header is in it, so that no idempotency key is; the route stands for the path, which may carry ids; no address,
 * which is personal data.
 */
export const COMMON_ACCESS_LOG_FIELDS = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  status: '$context.status',
  responseLength: '$context.responseLength',
  responseLatency: '$context.responseLatency',
  // The function's request id: the link to its own log.
  integrationRequestId: '$context.integration.requestId',
  integrationStatus: '$context.integration.status',
  integrationLatency: '$context.integration.latency',
  integrationError: '$context.integration.error',
} as const;
