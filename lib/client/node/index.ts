/** Entry of `lambda-idempotency/client/node`: an outbox in files. */

export { fileStorage } from './file-storage.ts';
