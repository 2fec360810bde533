import { CfnOutput, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { HttpMethod, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  AttributeType,
  Billing,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { METRICS_NAMESPACE } from '../../functions/metrics-namespace.ts';
import { bundledFunction } from './bundled-function.ts';
import { type IdempotencyAlarmChoices, IdempotencyAlarms } from './idempotency-alarms.ts';
import { IdempotencyDashboard } from './idempotency-dashboard.ts';
import { IdempotencyMetrics } from './idempotency-metrics.ts';
import { IdempotencyTable } from './idempotency-table.ts';
import { IdempotentFunction } from './idempotent-function.ts';
import { IdempotentHttpApi } from './idempotent-http-api.ts';
import { LeastPrivilegeFunction } from './least-privilege-function.ts';
import { OrderQueue } from './order-queue.ts';
import { SeatSale } from './seat-sale.ts';

export interface AddToCartStackProps extends StackProps {
  /**
   * Tells the callers of the API apart; idempotency keys are then scoped to each of them.
   *
   * @default - none: whoever knows the URL may call, and all callers share one scope
   */
  readonly authorizer?: IHttpRouteAuthorizer;

  /**
   * What becomes of the tables and the logs when they leave the stack. `DESTROY` is for trials: it deletes the
   * carts and every record of what has taken effect.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Tunes the alarms, or leaves some out.
   *
   * @default - all of them, as they are
   */
  readonly alarms?: IdempotencyAlarmChoices;
}

/**
 * The sample, whole: `POST /cart/items`, guarded by an idempotency table, and `GET /cart/{cartId}`; the sale of seats,
 * and a queue of orders whose consumer, both guarded by the same table.
 */
export class AddToCartStack extends Stack {
  constructor(scope: Construct, id: string, props: AddToCartStackProps = {}) {
    const { authorizer, removalPolicy = RemovalPolicy.RETAIN, alarms = {}, ...stackProps } = props;
    super(scope, id, {
      description:
        'lambda-idempotency sample: an add-to-cart API and a queue of orders that take effect once however often they are called',
      ...stackProps,
    });

    const idempotencyTable = new IdempotencyTable(this, 'Idempotency', { removalPolicy });
    const dataTable = (id: string, keys: Pick<TablePropsV2, 'partitionKey' | 'sortKey'>) =>
      new TableV2(this, id, {
        ...keys,
        billing: Billing.onDemand(),
        encryption: TableEncryptionV2.awsManagedKey(),
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        removalPolicy,
        deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      });
    const cartTable = dataTable('Cart', {
      partitionKey: { name: 'cartId', type: AttributeType.STRING },
      sortKey: { name: 'lineId', type: AttributeType.STRING },
    });

    const addToCart = new IdempotentFunction(this, 'AddToCart', {
      idempotencyTable,
      ...bundledFunction({
        entry: 'functions/add-to-cart/handler.ts',
        description: 'POST /cart/items: adds one line to a cart, once for each idempotency key',
        serviceName: 'add-to-cart',
        removalPolicy,
        environment: { CART_TABLE: cartTable.tableName },
      }),
    });
    cartTable.grants.actions(addToCart, 'dynamodb:PutItem', 'dynamodb:GetItem');

    const listCart = new LeastPrivilegeFunction(
      this,
      'ListCart',
      bundledFunction({
        entry: 'functions/list-cart/handler.ts',
        description: 'GET /cart/{cartId}: lists the lines of a cart',
        serviceName: 'list-cart',
        removalPolicy,
        environment: { CART_TABLE: cartTable.tableName },
      }),
    );
    cartTable.grants.actions(listCart, 'dynamodb:Query');

    const chargesTable = dataTable('Charges', {
      partitionKey: { name: 'chargeId', type: AttributeType.STRING },
    });
    const chargeOrders = new IdempotentFunction(this, 'ChargeOrders', {
      idempotencyTable,
      ...bundledFunction({
        entry: 'functions/charge-orders/handler.ts',
        description: 'Queue of orders: charges each order once, however often it is delivered',
        serviceName: 'charge-orders',
        removalPolicy,
        environment: { CHARGES_TABLE: chargesTable.tableName },
      }),
    });
    chargesTable.grants.actions(chargeOrders, 'dynamodb:UpdateItem');
    const orders = new OrderQueue(this, 'Orders', { consumer: chargeOrders, removalPolicy });

    const seatsTable = dataTable('Seats', {
      partitionKey: { name: 'showId', type: AttributeType.STRING },
      sortKey: { name: 'seatId', type: AttributeType.STRING },
    });
    const seatSale = new SeatSale(this, 'SeatSale', { seatsTable, idempotencyTable, removalPolicy });

    const { GET, POST } = HttpMethod;
    const { holdSeat, bookSeat, listSeats } = seatSale.functions;
    const seats = '/shows/{showId}/seats';
    const api = new IdempotentHttpApi(this, 'Api', {
      description: 'Add-to-cart and book-seat, safe to retry',
      routes: [
        { method: POST, path: '/cart/items', handler: addToCart },
        { method: GET, path: '/cart/{cartId}', handler: listCart },
        { method: POST, path: `${seats}/{seatId}/holds`, handler: holdSeat },
        { method: POST, path: `${seats}/{seatId}/bookings`, handler: bookSeat },
        { method: GET, path: seats, handler: listSeats },
      ],
      // To be tried from any page; there are no cookies to send along.
      cors: { allowOrigins: ['*'] },
      removalPolicy,
      ...(authorizer === undefined ? {} : { authorizer }),
    });
    if (authorizer === undefined) acknowledgeOpenRoutes(api);

    const metrics = new IdempotencyMetrics({ namespace: METRICS_NAMESPACE, serviceName: 'add-to-cart' });
    new IdempotencyAlarms(this, 'AddToCartAlarms', { metrics, table: idempotencyTable, alarms });
    new IdempotencyDashboard(this, 'AddToCartDashboard', {
      metrics,
      table: idempotencyTable,
      functions: [addToCart],
    });

    new CfnOutput(this, 'ApiUrl', { value: api.url, description: 'Base URL of the API' });
    new CfnOutput(this, 'IdempotencyTableName', { value: idempotencyTable.tableName });
    new CfnOutput(this, 'CartTableName', { value: cartTable.tableName });
    new CfnOutput(this, 'SeatsTableName', { value: seatsTable.tableName });
    new CfnOutput(this, 'OrderQueueUrl', {
      value: orders.queue.queueUrl,
      description: 'Where orders are sent to',
    });
    new CfnOutput(this, 'DeadLetterQueueUrl', {
      value: orders.deadLetterQueue.queueUrl,
      description: 'Orders that could not be charged, for a person to look at',
    });
  }
}

function acknowledgeOpenRoutes({ routes }: IdempotentHttpApi): void {
  for (const route of routes) {
    Validations.of(route).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'The sample is meant to be tried with curl, holds no personal data and is throttled; pass an authorizer to AddToCartStack before anything real depends on it.',
    });
  }
}
