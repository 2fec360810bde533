import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { readJsonObject } from '../json-body.ts';
import { invalidRequest } from '../problem-answers.ts';
import { isSku, SKU_RULE } from '../sku.ts';

/** @throws ProblemError (400) */
export function readPrintLabelRequest(event: APIGatewayProxyEventV2): { readonly sku: string } {
  const { sku } = readJsonObject(event, ['sku']);
  if (!isSku(sku)) throw invalidRequest([{ field: 'sku', message: SKU_RULE }]);
  return { sku };
}
