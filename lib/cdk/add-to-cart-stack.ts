import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  AttributeType,
  Billing,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { METRICS_NAMESPACE } from '../../functions/metrics-namespace.ts';
import { BundledFunction } from './bundled-function.ts';
import { IdempotencyAlarms } from './idempotency-alarms.ts';
import { IdempotencyDashboard } from './idempotency-dashboard.ts';
import { IdempotencyMetrics } from './idempotency-metrics.ts';
import { IdempotencyTable } from './idempotency-table.ts';
import { OrderQueue } from './order-queue.ts';
import { SampleApi } from './sample-api.ts';
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
}

/**
 * The sample, whole: `POST /cart/items`, guarded by an idempotency table, and `GET /cart/{cartId}`; the sale of seats,
 * and a queue of orders whose consumer, both guarded by the same table.
 */
export class AddToCartStack extends Stack {
  constructor(scope: Construct, id: string, props: AddToCartStackProps = {}) {
    const { authorizer, removalPolicy = RemovalPolicy.RETAIN, ...stackProps } = props;
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

    const addToCart = new BundledFunction(this, 'AddToCart', {
      entry: 'functions/add-to-cart/handler.ts',
      description: 'POST /cart/items: adds one line to a cart, once for each idempotency key',
      serviceName: 'add-to-cart',
      removalPolicy,
    });
    addToCart.addEnvironment('CART_TABLE', cartTable.tableName);
    cartTable.grants.actions(addToCart, 'dynamodb:PutItem', 'dynamodb:GetItem');
    idempotencyTable.grantIdempotency(addToCart);

    const listCart = new BundledFunction(this, 'ListCart', {
      entry: 'functions/list-cart/handler.ts',
      description: 'GET /cart/{cartId}: lists the lines of a cart',
      serviceName: 'list-cart',
      removalPolicy,
    });
    listCart.addEnvironment('CART_TABLE', cartTable.tableName);
    cartTable.grants.actions(listCart, 'dynamodb:Query');

    const chargesTable = dataTable('Charges', {
      partitionKey: { name: 'chargeId', type: AttributeType.STRING },
    });
    const chargeOrders = new BundledFunction(this, 'ChargeOrders', {
      entry: 'functions/charge-orders/handler.ts',
      description: 'Queue of orders: charges each order once, however often it is delivered',
      serviceName: 'charge-orders',
      removalPolicy,
    });
    chargeOrders.addEnvironment('CHARGES_TABLE', chargesTable.tableName);
    chargesTable.grants.actions(chargeOrders, 'dynamodb:UpdateItem');
    idempotencyTable.grantIdempotency(chargeOrders);
    const orders = new OrderQueue(this, 'Orders', { consumer: chargeOrders, removalPolicy });

    const seatsTable = dataTable('Seats', {
      partitionKey: { name: 'showId', type: AttributeType.STRING },
      sortKey: { name: 'seatId', type: AttributeType.STRING },
    });
    const seatSale = new SeatSale(this, 'SeatSale', { seatsTable, idempotencyTable, removalPolicy });

    const api = new SampleApi(this, 'Api', {
      addToCart,
      listCart,
      ...seatSale.functions,
      removalPolicy,
      ...(authorizer === undefined ? {} : { authorizer }),
    });

    const metrics = new IdempotencyMetrics({ namespace: METRICS_NAMESPACE, serviceName: 'add-to-cart' });
    new IdempotencyAlarms(this, 'AddToCartAlarms', { metrics, table: idempotencyTable });
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
