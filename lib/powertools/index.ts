/** Entry of `lambda-idempotency/powertools`. Needs `@aws-lambda-powertools/idempotency`, which nothing else imports. */

export type { OwnedPersistenceLayerOptions } from './owned-layer-options.ts';
export { OwnedPersistenceLayer } from './owned-persistence-layer.ts';
export {
  fromPersistenceLayer,
  type PersistenceLayerStore,
  type PersistenceLayerStoreOptions,
} from './persistence-layer-store.ts';
export {
  type SharedOptions,
  type SharedWithPowertoolsOptions,
  sharedWithPowertools,
} from './shared-with-powertools.ts';
