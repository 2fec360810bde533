import { createBookSeatHandler } from './book-seat.ts';
import { deployed } from './deployed.ts';

export const handler = createBookSeatHandler(deployed);
