/** This library's own, and that of a table that is shared with Powertools. */
export const WRITTEN_FORMATS = ['own', 'powertools'] as const;
export type WrittenFormat = (typeof WRITTEN_FORMATS)[number];
