/** Where CloudWatch has the metrics of the sample; the stack's alarms read them there. */
export const METRICS_NAMESPACE = 'LambdaIdempotencySample';
