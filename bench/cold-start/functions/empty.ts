/** What Node itself takes. */
import { answer } from './answer.ts';

export const handler = async () => answer();
