import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * Of three quarters of it even when compressed, so that it does not fit into a record (64 KB), and yet short enough to be
 * compressed in place (below 256 KB): work on the thread pool would end when it likes, and not in a step.
 */
const LENGTH = 96 * 1024;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const generator = xoroshiro128plus(1);

/** What makes long answers long. */
export const PADDING = Array.from({ length: LENGTH }, () => ALPHABET[uniformInt(generator, 0, 63)]).join('');
