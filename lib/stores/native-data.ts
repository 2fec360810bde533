/**
 * JSON as DynamoDB's own types, in which Powertools for AWS Lambda keeps results, and back.
 *
 * The members of an object come back in an order of DynamoDB's. It costs what `dynamodb-result.ts` spares (milliseconds of CPU at 64 KB, and the whole size in every write), and not
 * all JSON survives it. What does not come back as it went in has no native form here, and is kept in another way.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

/** "Supported data types", DynamoDB Developer Guide: 32 levels. `data` is the first; one is left over. */
const NESTED_MAX = 30;

/** Same page: the smallest number is 1E-130, either sign. The largest is far beyond the integers that `marshall` takes. */
const NUMBER_LEAST = 1e-129;

/** `undefined` where DynamoDB would refuse the value, or give back another one. */
export function nativeForm(json: string): AttributeValue | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (!isStorable(value, NESTED_MAX)) return undefined;
    const { value: native } = marshall({ value });
    // Stryker disable next-line ConditionalExpression: JSON has no undefined, but the compiler cannot know
    if (native === undefined) return undefined;
    // `__proto__` as a name, integers beyond 2^53, spellings such as 1.0: whatever it is, it shows here.
    if (jsonOfNative(native) === json) return native;
  } catch {
    // marshall has one error for each kind of value that it does not take.
  }
  return undefined;
}

/** What the Lambda runtime would send for it: JSON has no word for sets and bytes, and Powertools has none either. */
export function jsonOfNative(native: AttributeValue): string {
  // Numbers of more digits than a double holds come as what JSON.parse would make of them, and not as a bigint.
  const { value } = unmarshall({ value: native }, { wrapNumbers: Number });
  return JSON.stringify(value);
}

function isStorable(value: unknown, levelsLeft: number): boolean {
  if (typeof value === 'number') {
    const size = Math.abs(value);
    return size === 0 || size > NUMBER_LEAST;
  }
  if (typeof value !== 'object' || value === null) return true;
  if (levelsLeft === 0) return false;
  // An attribute must have a name.
  return Object.entries(value).every(([name, member]) => name !== '' && isStorable(member, levelsLeft - 1));
}
