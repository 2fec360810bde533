import type { Logger } from '@aws-lambda-powertools/logger';

/** As much of Powertools' logger as the sample's handlers use. */
export type HandlerLogger = Pick<Logger, 'info' | 'error'>;
