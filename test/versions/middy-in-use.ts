import middy from '@middy/core';
import middy7 from 'middy7';

/** Which Middy this process gets as `@middy/core`. By identity, since a package does not say its own version. */
export function middyInUse(): '6' | '7' {
  return (middy as unknown) === middy7 ? '7' : '6';
}
