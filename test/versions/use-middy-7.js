/** For `node --import`: whoever imports Middy in this process gets version 7. Needs Node 22.15, and Middy 7 needs 22. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(specifier === '@middy/core' ? 'middy7' : specifier, context),
});
