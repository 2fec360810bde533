/** Those of the option `recordFormat` of `DynamoDbStore`. */
export const WRITTEN_FORMATS = ['own', 'powertools'] as const;
export type WrittenFormat = (typeof WRITTEN_FORMATS)[number];
