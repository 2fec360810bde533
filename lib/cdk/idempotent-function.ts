import type { Construct } from 'constructs';
import type { GrantIdempotencyOptions, IdempotencyTable } from './idempotency-table.ts';
import { LeastPrivilegeFunction, type LeastPrivilegeFunctionProps } from './least-privilege-function.ts';

/**
 * Everything that a `NodejsFunction` takes goes through to it, and wins over the defaults below.
 *
 * | property | default |
 * |---|---|
 * | `runtime`, `architecture` | `nodejs24.x`, arm64 |
 * | `timeout`, `memorySize` | 10 s, 512 MB |
 * | `loggingFormat` | JSON |
 * | `environment` | `NODE_OPTIONS=--enable-source-maps`, and the name of the table |
 * | `bundling` | one ES module with the SDK and a source map in it; needs `esbuild` in the project. With `format: OutputFormat.CJS` a sandbox with the SDK starts some 15 ms sooner from Node 22 on (docs/performance.md), and nothing may be awaited outside of the handler |
 * | `role` | one that may write to `logGroup`, and nothing else |
 */
export interface IdempotentFunctionProps extends LeastPrivilegeFunctionProps, GrantIdempotencyOptions {
  /** Where the records of this function lie. Several functions may share one table. */
  readonly idempotencyTable: IdempotencyTable;

  /**
   * Whether the function uses `createLocks` of `lambda-idempotency/locks` on the same table.
   *
   * @default false
   */
  readonly locks?: boolean;
}

/**
 * A Node.js function that the middleware or the wrapper guards: told the name of its table, allowed the four requests
 * of the store on it, and nothing more.
 *
 * It is a `NodejsFunction`, so that all else is done as with any other. For a function that is made in another way,
 * {@link IdempotencyTable.grantIdempotency} does the wiring alone.
 *
 * @example
 * ```ts
 * const idempotencyTable = new IdempotencyTable(this, 'Idempotency');
 * const placeOrder = new IdempotentFunction(this, 'PlaceOrder', { entry: 'place-order.ts', idempotencyTable });
 * ```
 */
export class IdempotentFunction extends LeastPrivilegeFunction {
  constructor(scope: Construct, id: string, props: IdempotentFunctionProps) {
    const { idempotencyTable, locks = false, environmentVariable, ...functionProps } = props;
    super(scope, id, functionProps);
    const options = environmentVariable === undefined ? {} : { environmentVariable };
    idempotencyTable.grantIdempotency(this, options);
    if (locks) idempotencyTable.grantLocks(this, options);
  }
}
