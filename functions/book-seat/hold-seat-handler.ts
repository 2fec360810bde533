import { deployed } from './deployed.ts';
import { createHoldSeatHandler } from './hold-seat.ts';

export const handler = createHoldSeatHandler(deployed);
