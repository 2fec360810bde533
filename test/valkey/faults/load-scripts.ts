import * as scripts from '../../../lib/valkey/scripts.ts';
import { command, type ValkeyServer } from '../../support/valkey-server.ts';

/** Otherwise a fault might strike the reply that a script is not known yet, and nothing of it would have been applied. */
export async function loadScripts({ port }: ValkeyServer): Promise<void> {
  for (const { lua } of Object.values(scripts)) await command(port, 'SCRIPT', 'LOAD', lua);
}
