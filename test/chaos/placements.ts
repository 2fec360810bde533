/**
 * In which database an operation's row is put. With one database for all there is no question. Where each server has its own,
 * it is the question: a retry that comes to another server must find the row that the first one may have left in its.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { type Cart, DynamoDbCart } from '../../functions/add-to-cart/cart.ts';
import type { IdempotencyContext, Reconcile } from '../../lib/index.ts';
import type { OperationBody } from './plan.ts';

export const PLACEMENTS = {
  'one database': 'all servers write to one database',
  'home step':
    'the first step of an operation records whose database it belongs to; every later attempt goes there',
  'own database': 'each server writes to its own database, whoever began',
  'own database, block': "the same, and onUncertain 'block': what is in doubt is never run again",
  'own database, look around':
    'the same, and onUncertain looks for the row in all databases before it lets the operation run again',
} as const;
export type PlacementName = keyof typeof PLACEMENTS;

export interface Database {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

export interface Placement {
  cartOf(idempotency: IdempotencyContext | undefined): Promise<Cart>;
  /** In the place of `onUncertain: 'retry'`. */
  readonly onUncertain?: Reconcile;
}

/** Of the server whose number, from 0, is `own`. */
export function placementOf(name: PlacementName, databases: readonly Database[], own: number): Placement {
  const carts = databases.map((database) => new DynamoDbCart(database));
  const cartAt = (index: number): Cart => {
    const cart = carts[index];
    if (cart === undefined) throw new Error(`There is no database ${index}.`);
    return cart;
  };
  switch (name) {
    case 'one database':
      return { cartOf: async () => cartAt(0) };
    case 'home step':
      return {
        async cartOf(idempotency) {
          if (idempotency === undefined) throw new Error('Only a guarded handler has steps.');
          return cartAt(await idempotency.step('home', () => own));
        },
      };
    case 'own database':
    case 'own database, block':
      return { cartOf: async () => cartAt(own) };
    case 'own database, look around':
      return { cartOf: async () => cartAt(own), onUncertain: lookAround(databases) };
  }
}

function lookAround(databases: readonly Database[]): Reconcile {
  return async ({ event, deriveKey }) => {
    const { body } = event as { readonly body: string }; // An HTTP API event, with a body of the run's clients.
    const { cartId } = JSON.parse(body) as OperationBody;
    const lineId = deriveKey('cart-line');
    const rows = await Promise.all(databases.map((database) => rowIn(database, cartId, lineId)));
    const row = rows.find((found) => found !== undefined);
    if (row === undefined) return { outcome: 'run' };
    const answer = {
      statusCode: 201,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...row, executionId: `found ${lineId}` }),
    };
    return { outcome: 'completed', answer };
  };
}

async function rowIn({ client, tableName }: Database, cartId: string, lineId: string) {
  const request = new GetCommand({ TableName: tableName, Key: { cartId, lineId }, ConsistentRead: true });
  return (await DynamoDBDocumentClient.from(client).send(request)).Item;
}
