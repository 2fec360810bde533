/** Entry of `lambda-idempotency/event-sources`: what is known of the events that are not HTTP requests. */

export { type Delivery, deliveryKey } from './delivery-key.ts';
