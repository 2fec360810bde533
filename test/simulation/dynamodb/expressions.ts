/**
 * The part of DynamoDB's expressions that the store and the simulated handlers use ("Expressions in DynamoDB", Developer
 * Guide). Whatever else comes is an error and not a guess.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Readonly<Record<string, AttributeValue>>;

export interface ExpressionContext {
  readonly names: Readonly<Record<string, string>> | undefined;
  readonly values: Item | undefined;
}

type Condition = (item: Item | undefined, context: ExpressionContext) => boolean;
type Change = (item: Record<string, AttributeValue>, context: ExpressionContext) => void;

/** Whether `item` (`undefined`: there is none) fulfils `expression`; an absent one is fulfilled. */
export function fulfils(
  item: Item | undefined,
  expression: string | undefined,
  context: ExpressionContext,
): boolean {
  return expression === undefined || parsed(conditions, expression, parseCondition)(item, context);
}

/** `item` as `expression` leaves it. */
export function updated(item: Item, expression: string, context: ExpressionContext): Item {
  const changed = { ...item };
  for (const change of parsed(updates, expression, parseUpdate)) change(changed, context);
  return changed;
}

const conditions = new Map<string, Condition>();
const updates = new Map<string, readonly Change[]>();

function parsed<T>(known: Map<string, T>, expression: string, parse: (tokens: Tokens) => T): T {
  const before = known.get(expression);
  if (before !== undefined) return before;
  const tokens = new Tokens(expression);
  const result = parse(tokens);
  if (tokens.peek() !== undefined) tokens.fail();
  known.set(expression, result);
  return result;
}

class Tokens {
  readonly #expression: string;
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = expression.match(/[#:\w]+|[<>]=|<>|\S/g) ?? [];
  }

  peek(): string | undefined {
    return this.#tokens[this.#next];
  }

  take(expected?: string): string {
    const token = this.peek();
    if (token === undefined || (expected !== undefined && token !== expected)) return this.fail();
    this.#next += 1;
    return token;
  }

  takeIf(expected: string): boolean {
    if (this.peek() !== expected) return false;
    this.#next += 1;
    return true;
  }

  fail(): never {
    throw new Error(
      `The simulated DynamoDB does not know the expression "${this.#expression}" from "${this.peek()}" on.`,
    );
  }
}

function parseCondition(tokens: Tokens): Condition {
  const parts = [parseConjunction(tokens)];
  while (tokens.takeIf('OR')) parts.push(parseConjunction(tokens));
  return (item, context) => parts.some((part) => part(item, context));
}

function parseConjunction(tokens: Tokens): Condition {
  const parts = [parsePredicate(tokens)];
  while (tokens.takeIf('AND')) parts.push(parsePredicate(tokens));
  return (item, context) => parts.every((part) => part(item, context));
}

function parsePredicate(tokens: Tokens): Condition {
  const left = tokens.take();
  if (left === 'attribute_not_exists') {
    tokens.take('(');
    const name = tokens.take();
    tokens.take(')');
    return (item, context) => attributeOf(name, item, context) === undefined;
  }
  const operator = tokens.take();
  const compare = COMPARISONS[operator] ?? tokens.fail();
  const right = tokens.take();
  return (item, context) => {
    const [a, b] = [
      comparable(attributeOf(left, item, context)),
      comparable(attributeOf(right, item, context)),
    ];
    // Values of two types, or one that is not there, fulfil no comparison.
    return a !== undefined && b !== undefined && typeof a === typeof b && compare(a, b);
  };
}

type Comparable = string | number;

const COMPARISONS: Readonly<Record<string, (a: Comparable, b: Comparable) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
};

function attributeOf(
  operand: string,
  item: Item | undefined,
  context: ExpressionContext,
): AttributeValue | undefined {
  return operand.startsWith(':') ? givenValue(operand, context) : item?.[nameOf(operand, context)];
}

function givenValue(placeholder: string, { values }: ExpressionContext): AttributeValue {
  const value = values?.[placeholder];
  if (value === undefined) throw new Error(`No value was given for ${placeholder}.`);
  return value;
}

function nameOf(operand: string, { names }: ExpressionContext): string {
  if (!operand.startsWith('#')) return operand;
  const name = names?.[operand];
  if (name === undefined) throw new Error(`No name was given for ${operand}.`);
  return name;
}

function comparable(value: AttributeValue | undefined): Comparable | undefined {
  return value?.N === undefined ? value?.S : Number(value.N);
}

function parseUpdate(tokens: Tokens): readonly Change[] {
  const changes: Change[] = [];
  while (tokens.peek() !== undefined) {
    const parse = CLAUSES[tokens.take()] ?? tokens.fail();
    do changes.push(parse(tokens));
    while (tokens.takeIf(','));
  }
  return changes;
}

const CLAUSES: Readonly<Record<string, (tokens: Tokens) => Change>> = {
  SET: (tokens) => {
    const name = tokens.take();
    tokens.take('=');
    const value = tokens.take();
    return (item, context) => {
      item[nameOf(name, context)] = givenValue(value, context);
    };
  },
  ADD: (tokens) => {
    const name = tokens.take();
    const addend = tokens.take();
    return (item, context) => {
      const attribute = nameOf(name, context);
      const sum = Number(item[attribute]?.N ?? 0) + Number(givenValue(addend, context).N);
      item[attribute] = { N: String(sum) };
    };
  },
  REMOVE: (tokens) => {
    const name = tokens.take();
    return (item, context) => {
      delete item[nameOf(name, context)];
    };
  },
};
