/** Nobody may do more than the code does: what the stack grants is compared with what is called over every outcome. */
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { App, CfnElement, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Context } from 'aws-lambda';
import { createAddToCartHandler } from '../../functions/add-to-cart/add-to-cart.ts';
import { DynamoDbCart } from '../../functions/add-to-cart/cart.ts';
import { createBookSeatHandler } from '../../functions/book-seat/book-seat.ts';
import { createHoldSeatHandler } from '../../functions/book-seat/hold-seat.ts';
import { createListSeatsHandler } from '../../functions/book-seat/list-seats.ts';
import { Seats } from '../../functions/book-seat/seats.ts';
import { DynamoDbCartLines } from '../../functions/list-cart/lines.ts';
import { createListCartHandler } from '../../functions/list-cart/list-cart.ts';
import { AddToCartStack } from '../../lib/cdk/add-to-cart-stack.ts';
import { IdempotencyTable } from '../../lib/cdk/index.ts';
import { DynamoDbStore, type IdempotentContext, MemoryStore } from '../../lib/index.ts';
import { createLocks, LockNotAcquiredError, PermitsMismatchError } from '../../lib/locks/index.ts';
import { featureFlags } from '../cdk/feature-flags.ts';
import { permissionsOf } from '../cdk/iam-permissions.ts';
import {
  createCartTable,
  createIdempotencyTable,
  createSeatsTable,
  testClient,
} from '../support/dynamodb.ts';
import { httpApiEvent, lambdaContext } from '../support/events.ts';
import { playEveryOutcome } from './every-outcome.ts';
import { FORMS } from './marked-play.ts';

// The first template loads most of CDK: 2 s on an idle machine, several times that on a busy one.
jest.setTimeout(60_000);

let client: DynamoDBClient;
let intruder: DynamoDBClient;
/** `action on table`, as IAM checks it for each request that has passed through `client`. */
const called = new Set<string>();
/** What is written there in a transaction is the user's affair, and needs grants of its own. */
const usersTables = new Set<string>();

beforeAll(() => {
  client = testClient();
  client.middlewareStack.add(
    (next, context) => (args) => {
      const action = String(context['commandName']).replace(/Command$/, '');
      for (const [checked, tableName] of checkedActions(action, args.input)) {
        if (!usersTables.has(tableName)) called.add(`dynamodb:${checked} on ${tableName.split('-')[0]}`);
      }
      return next(args);
    },
    { step: 'initialize', name: 'noteAction' },
  );
  intruder = testClient();
});
beforeEach(() => called.clear());
afterAll(() => {
  client.destroy();
  intruder.destroy();
});

/**
 * A transaction is no action of its own: each of its items is checked as the single request would be ("IAM with DynamoDB
 * transactions", Developer Guide).
 */
function checkedActions(action: string, input: object): (readonly [action: string, tableName: string])[] {
  const { TransactItems: items, TableName: tableName } = input as {
    readonly TransactItems?: readonly TransactWriteItem[];
    readonly TableName?: string;
  };
  if (items === undefined) return [[action, tableName ?? '']];
  return items
    .flatMap((item) => Object.entries(item))
    .map(([kind, request]) => [`${kind}Item`, (request as { readonly TableName: string }).TableName]);
}

/** The actions on tables that a role is granted, in the same form. Each grant has to name one table and no wildcard. */
function granted(template: Template, roleId: string): string[] {
  return permissionsOf(template, roleId)
    .filter((line) => !line.startsWith('logs:'))
    .map((line) => {
      const [, action, table] =
        /^(dynamodb:\w+) on \{"Fn::GetAtt":\["(Cart|Idempotency|Seats)\w*","Arn"\]\}$/.exec(line) ?? [];
      return table === undefined ? line : `${action} on ${table.toLowerCase()}`;
    });
}

describe('the library', () => {
  test('calls, over every outcome, exactly the actions that IdempotencyTable grants', async () => {
    // What the library warns of in this play is looked at in leaks.test.ts.
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    for (const form of FORMS) {
      const dataTable = await createIdempotencyTable();
      usersTables.add(dataTable);
      await playEveryOutcome(form, {
        client,
        intruder,
        tableName: await createIdempotencyTable(),
        dataTable,
      });
    }
    warn.mockRestore();
    // One store of that play looks for a table that is not there.
    const actions = [...called].filter((line) => !line.endsWith(' on no')).sort();

    const stack = new Stack(new App({ context: featureFlags(), analyticsReporting: false }), 'Test');
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    new IdempotencyTable(stack, 'Idempotency').grantIdempotency(role).assertSuccess();
    const resource = role.node.defaultChild;
    if (!CfnElement.isCfnElement(resource)) throw new Error('The role has no CloudFormation resource.');
    expect(actions).toEqual(granted(Template.fromStack(stack), String(stack.resolve(resource.logicalId))));
  });
});

describe('locks', () => {
  test('call exactly the actions that IdempotencyTable.grantLocks grants, over every outcome', async () => {
    const locks = createLocks({
      tableName: await createIdempotencyTable(),
      client,
      leaseMs: 1_000,
      clockSkewMs: 0,
      onEvent: () => {},
    });
    called.clear();
    const pool = locks.semaphore('printers', 1);
    await pool.use(({ renew }) => renew());
    await pool.acquire(); // And is forgotten.
    await expect(pool.acquire({ waitMs: 100 })).rejects.toThrow(LockNotAcquiredError);
    await expect(locks.mutex('printers').tryAcquire()).resolves.toBeUndefined();
    await expect(locks.semaphore('printers', 2).acquire()).rejects.toThrow(PermitsMismatchError);
    await (await pool.acquire({ waitMs: 5_000 })).release();

    const stack = new Stack(new App({ context: featureFlags(), analyticsReporting: false }), 'Test');
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    new IdempotencyTable(stack, 'Idempotency').grantLocks(role).assertSuccess();
    const [policy] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    const granted: readonly string[] = policy?.['Properties'].PolicyDocument.Statement[0].Action;
    const calledActions = [...called].map((line) => line.split(' ')[0]);
    expect(calledActions.sort()).toEqual([...granted].sort());
  });
});

describe('the sample', () => {
  const logger = { info: () => {}, error: () => {} };
  let template: Template;

  beforeAll(() => {
    // Bundling does not change the template.
    const context = { ...featureFlags(), 'aws:cdk:bundling-stacks': [] };
    template = Template.fromStack(
      new AddToCartStack(new App({ context, analyticsReporting: false }), 'AddToCart'),
    );
  });

  /** Logical ids carry a hash of the construct's path. */
  function grantedTo(roleName: string): string[] {
    const ids = Object.keys(template.findResources('AWS::IAM::Role')).filter((id) => id.startsWith(roleName));
    expect(ids).toHaveLength(1);
    return granted(template, String(ids[0]));
  }

  test('add-to-cart calls exactly the actions on carts that it is granted; all others are the library’s', async () => {
    const cart = new DynamoDbCart({ client, tableName: await createCartTable() });
    const body = { cartId: 'c1', sku: 'apple', quantity: 1 };
    // Two stores that know nothing of each other: the second attempt finds the row of the first.
    for (const store of [new MemoryStore(), new MemoryStore()]) {
      const handler = createAddToCartHandler({ cart, logger, idempotencyOptions: { store } });
      // Middy types a handler as taking the context that its middlewares make; Lambda hands it the bare one.
      const context = lambdaContext() as Context as IdempotentContext;
      expect(await handler(httpApiEvent({ key: 'k', body }), context)).toMatchObject({ statusCode: 201 });
    }
    const grants = grantedTo('AddToCartRole');
    expect([...called].sort()).toEqual(grants.filter((line) => line.endsWith(' on cart')).sort());
    expect(grants.filter((line) => !line.endsWith(' on cart'))).toEqual(
      ['DeleteItem', 'GetItem', 'PutItem', 'UpdateItem'].map((action) => `dynamodb:${action} on idempotency`),
    );
  });

  test('list-cart calls exactly the actions that it is granted', async () => {
    const cartLines = new DynamoDbCartLines({ client, tableName: await createCartTable() });
    const handler = createListCartHandler({ cartLines, logger });
    const event = { ...httpApiEvent({ method: 'GET' }), pathParameters: { cartId: 'c1' } };
    expect(await handler(event, lambdaContext())).toMatchObject({ statusCode: 200 });
    expect([...called]).toEqual(grantedTo('ListCartRole'));
  });

  test('hold-seat, book-seat and list-seats call exactly the actions on seats that they are granted', async () => {
    const seats = new Seats({ client, tableName: await createSeatsTable(client) });
    const store = new DynamoDbStore({ client, tableName: await createIdempotencyTable(client) });
    const dependencies = { seats, logger, idempotencyOptions: { store } };
    const call = async (create: typeof createHoldSeatHandler, path: string, body: object) => {
      const event = httpApiEvent({ key: randomUUID(), path: `/shows/s1/seats/A1/${path}`, body });
      const pathParameters = { showId: 's1', seatId: 'A1' };
      called.clear();
      const context = lambdaContext() as Context as IdempotentContext;
      const answer = await create(dependencies)({ ...event, pathParameters }, context);
      return JSON.parse((answer as { readonly body: string }).body) as Record<string, string>;
    };
    const ofSeats = (lines: Iterable<string>) => [...lines].filter((line) => line.endsWith(' on seats'));
    const { holdId } = await call(createHoldSeatHandler, 'holds', {});
    expect(ofSeats(called)).toEqual(ofSeats(grantedTo('SeatSaleHoldSeatRole')));
    expect(ofSeats(called)).toHaveLength(1);
    expect(await call(createBookSeatHandler, 'bookings', { holdId })).toHaveProperty('bookingId');
    expect(ofSeats(called)).toEqual(ofSeats(grantedTo('SeatSaleBookSeatRole')));
    called.clear();
    const event = { ...httpApiEvent({ method: 'GET' }), pathParameters: { showId: 's1' } };
    await createListSeatsHandler(dependencies)(event, lambdaContext());
    expect([...called]).toEqual(grantedTo('SeatSaleListSeatsRole'));
  });
});
