/**
 * The two major versions of Middy that the library supports, each with its own middlewares: a test that is run over
 * this list holds for both. The types are those of version 6, which the two share as far as the tests go.
 */
import middy6 from 'middy6';
import cors6 from 'middy6-http-cors';
import errorHandler6 from 'middy6-http-error-handler';
import headerNormalizer6 from 'middy6-http-header-normalizer';
import jsonBodyParser6 from 'middy6-http-json-body-parser';
import validator6 from 'middy6-validator';
import { transpileSchema as transpileSchema6 } from 'middy6-validator/transpile';
import middy7 from 'middy7';
import cors7 from 'middy7-http-cors';
import errorHandler7 from 'middy7-http-error-handler';
import headerNormalizer7 from 'middy7-http-header-normalizer';
import jsonBodyParser7 from 'middy7-http-json-body-parser';
import validator7 from 'middy7-validator';
import { transpileSchema as transpileSchema7 } from 'middy7-validator/transpile';

export interface MiddyVersion {
  readonly version: string;
  readonly middy: typeof middy6;
  readonly cors: typeof cors6;
  readonly errorHandler: typeof errorHandler6;
  readonly headerNormalizer: typeof headerNormalizer6;
  readonly jsonBodyParser: typeof jsonBodyParser6;
  readonly validator: typeof validator6;
  readonly transpileSchema: typeof transpileSchema6;
}

const six: MiddyVersion = {
  version: '6',
  middy: middy6,
  cors: cors6,
  errorHandler: errorHandler6,
  headerNormalizer: headerNormalizer6,
  jsonBodyParser: jsonBodyParser6,
  validator: validator6,
  transpileSchema: transpileSchema6,
};

// Version 7 has narrower types in places (its own Request); what the tests use of it is called alike.
const seven = {
  version: '7',
  middy: middy7,
  cors: cors7,
  errorHandler: errorHandler7,
  headerNormalizer: headerNormalizer7,
  jsonBodyParser: jsonBodyParser7,
  validator: validator7,
  transpileSchema: transpileSchema7,
} as unknown as MiddyVersion;

export const MIDDY_VERSIONS: readonly MiddyVersion[] = [six, seven];
