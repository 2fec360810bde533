/**
 * On-demand list prices of us-east-1, standard table class, in US dollars, as in force since 1 November 2024
 * (https://aws.amazon.com/dynamodb/pricing/on-demand/, looked up in November 2026). Other regions have others: each is an option.
 */
export const LIST_PRICES = Object.freeze({
  perMillionWriteUnits: 0.625,
  perMillionReadUnits: 0.125,
  perGigabyteMonth: 0.25,
});

export type Prices = { readonly [name in keyof typeof LIST_PRICES]: number };
