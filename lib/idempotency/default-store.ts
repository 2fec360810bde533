import { DynamoDbStore } from '../stores/dynamodb-store.ts';
import type { OpenStore } from './resolved-options.ts';

/** The store of the main entry. Apart from the guards, so that an entry with another store brings no SDK along. */
export const openDynamoDbStore: OpenStore = (tableName) => new DynamoDbStore({ tableName });
