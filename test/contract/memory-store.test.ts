import { MemoryStore } from '../../lib/stores/memory-store.ts';
import { describeStoreContract } from './store-contract.ts';

describeStoreContract('MemoryStore', () => new MemoryStore());
