import type {
  DeleteItemCommandInput,
  GetItemCommandInput,
  PutItemCommandInput,
  TransactWriteItemsCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { isClockSkewError } from '@smithy/core/retry';
import type { DynamoDbApi, ReadReply, WriteReply } from '../stores/dynamodb-api.ts';
import type { LeanCredentialsProvider } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { HttpExchange, type HttpReply, type HttpSettings } from './http-exchange.ts';
import { outputOf } from './reply.ts';
import { requestBody, transactionBody } from './request-body.ts';
import { Retries } from './retries.ts';
import { ServiceClock } from './service-clock.ts';
import { signedHeaders } from './signature.ts';

export interface LeanDynamoDbApiSettings extends HttpSettings {
  readonly endpoint: Endpoint;
  readonly region: string;
  readonly credentials: LeanCredentialsProvider;
  readonly maxAttempts: number;
}

/** One try of one request. */
export type Exchange = Pick<HttpExchange, 'post' | 'destroy'>;

/** The port over HTTP: DynamoDB's JSON protocol, version 1.0, signed and tried again as the SDK does it. */
export class LeanDynamoDbApi implements DynamoDbApi {
  readonly #settings: LeanDynamoDbApiSettings;
  readonly #exchange: Exchange;
  readonly #retries: Retries;
  readonly #clock = new ServiceClock();

  constructor(
    settings: LeanDynamoDbApiSettings,
    exchange: Exchange = new HttpExchange(settings.endpoint, settings),
  ) {
    this.#settings = settings;
    this.#exchange = exchange;
    this.#retries = new Retries(settings.maxAttempts);
  }

  async putItem(input: PutItemCommandInput): Promise<WriteReply> {
    return this.#send('PutItem', requestBody(input));
  }

  async updateItem(input: UpdateItemCommandInput): Promise<WriteReply> {
    return this.#send('UpdateItem', requestBody(input));
  }

  async deleteItem(input: DeleteItemCommandInput): Promise<WriteReply> {
    return this.#send('DeleteItem', requestBody(input));
  }

  async getItem(input: GetItemCommandInput): Promise<ReadReply> {
    return this.#send('GetItem', requestBody(input));
  }

  async transactWriteItems(input: TransactWriteItemsCommandInput): Promise<unknown> {
    return this.#send('TransactWriteItems', transactionBody(input));
  }

  /** Closes all connections. */
  destroy(): void {
    this.#exchange.destroy();
  }

  #send(operation: string, body: Buffer): Promise<ReadReply & WriteReply> {
    return this.#retries.run(async () => {
      const reply = await this.#exchange.post(await this.#headers(operation, body), body);
      const wasCorrected = this.#clock.learn(reply.headers.date);
      return wasCorrected ? outputAfterCorrection(reply) : outputOf(reply);
    });
  }

  /** Signed anew for each try: a signature is good for minutes, and keys may have been renewed. */
  async #headers(operation: string, body: Buffer): Promise<Record<string, string | number>> {
    const { endpoint, region, credentials } = this.#settings;
    const request = { host: endpoint.host, region, target: `DynamoDB_20120810.${operation}`, body };
    return signedHeaders(request, await credentials(), this.#clock.now());
  }
}

/** What was refused for its time will have the right one on the next try: AWS's own retries look for this mark. */
function outputAfterCorrection(reply: HttpReply): ReadReply & WriteReply {
  try {
    return outputOf(reply);
  } catch (error) {
    // As reply.ts makes all of its errors.
    const refusal = error as Parameters<typeof isClockSkewError>[0] & { readonly $metadata: object };
    if (isClockSkewError(refusal)) Object.assign(refusal.$metadata, { clockSkewCorrected: true });
    throw error;
  }
}
