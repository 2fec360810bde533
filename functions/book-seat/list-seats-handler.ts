import { deployed } from './deployed.ts';
import { createListSeatsHandler } from './list-seats.ts';

export const handler = createListSeatsHandler(deployed);
