import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { BundledFunction } from './bundled-function.ts';
import { CartApi } from './cart-api.ts';
import { IdempotencyTable } from './idempotency-table.ts';

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

/** The sample, whole: `POST /cart/items`, guarded by an idempotency table, and `GET /cart/{cartId}`. */
export class AddToCartStack extends Stack {
  constructor(scope: Construct, id: string, props: AddToCartStackProps = {}) {
    const { authorizer, removalPolicy = RemovalPolicy.RETAIN, ...stackProps } = props;
    super(scope, id, {
      description:
        'lambda-idempotency sample: an add-to-cart API that takes effect once however often it is called',
      ...stackProps,
    });

    const idempotencyTable = new IdempotencyTable(this, 'Idempotency', { removalPolicy });
    const cartTable = new TableV2(this, 'Cart', {
      partitionKey: { name: 'cartId', type: AttributeType.STRING },
      sortKey: { name: 'lineId', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
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

    const api = new CartApi(this, 'Api', {
      addToCart,
      listCart,
      removalPolicy,
      ...(authorizer === undefined ? {} : { authorizer }),
    });

    new CfnOutput(this, 'ApiUrl', { value: api.url, description: 'Base URL of the API' });
    new CfnOutput(this, 'IdempotencyTableName', { value: idempotencyTable.tableName });
    new CfnOutput(this, 'CartTableName', { value: cartTable.tableName });
  }
}
