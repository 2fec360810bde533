import { ClientConfigurationError } from './errors.ts';

type Options = Readonly<Record<string, unknown>>;

/** Checks of one bag of options; each throws ClientConfigurationError with what would be right. */
export function checksOf(options: object, prefix = '') {
  const values = options as Options;
  const fail = (name: string, expected: string): never => {
    throw new ClientConfigurationError(`Option "${prefix}${name}" has to be ${expected}.`);
  };
  return {
    known(names: readonly string[]): void {
      const unknown = Object.keys(values).find((name) => !names.includes(name));
      if (unknown === undefined) return;
      throw new ClientConfigurationError(
        `Unknown option "${prefix}${unknown}". The options are: ${names.map((name) => prefix + name).join(', ')}.`,
      );
    },
    wholeNumber(name: string, least: number, most = Number.MAX_SAFE_INTEGER): void {
      const value = values[name];
      const fits = Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
      if (value !== undefined && !fits) fail(name, `a whole number from ${least} to ${most}`);
    },
    oneOf(name: string, allowed: readonly unknown[]): void {
      const value = values[name];
      if (value !== undefined && !allowed.includes(value)) fail(name, allowed.map(String).join(' or '));
    },
    callable(name: string): void {
      const value = values[name];
      if (value !== undefined && typeof value !== 'function') fail(name, 'a function');
    },
    tokens(name: string): void {
      const value = values[name];
      const fits = Array.isArray(value) && value.every((token) => TOKEN.test(String(token)));
      if (value !== undefined && !fits) fail(name, 'a list of names as HTTP has them');
    },
    token(name: string): void {
      const value = values[name];
      if (value !== undefined && !(typeof value === 'string' && TOKEN.test(value))) {
        fail(name, 'a name as HTTP has them');
      }
    },
    text(name: string): void {
      const value = values[name];
      if (value !== undefined && typeof value !== 'string') fail(name, 'a string');
    },
  };
}

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** An option that is given as `undefined` is one that is not given. */
export function withoutUndefined<T extends object>(options: T): Partial<Defined<T>> {
  // Only members without a value are left out.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<
    Defined<T>
  >;
}

type Defined<T> = { [Name in keyof T]: Exclude<T[Name], undefined> };
