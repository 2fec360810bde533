/** The API under test: makes operations of it, and sends their requests. */
import { randomUUID } from 'node:crypto';
import { CommandError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import { type Answer, exchange } from './exchange.ts';
import { valueAt } from './json-pointer.ts';
import type { ConformSettings, EffectsQuery } from './settings.ts';

/** One logical operation: all of its requests carry the key and the payload. */
export interface Operation {
  readonly key: string;
  /** What `{{uuid}}` stands for. */
  readonly uuid: string;
}

export interface Variation {
  /** The value of the header as it is sent, a list for several headers, `null` for none. */
  readonly keyValue?: string | string[] | null;
  readonly keyHeader?: string;
  readonly body?: string;
  readonly slow?: boolean;
  readonly otherCaller?: boolean;
}

export class Target {
  readonly settings: ConformSettings;

  constructor(settings: ConformSettings) {
    this.settings = settings;
  }

  newOperation({ uuid = randomUUID() }: { readonly uuid?: string } = {}): Operation {
    return { key: randomUUID(), uuid };
  }

  /** @throws Error where there is no answer */
  send(operation: Operation, variation: Variation = {}): Promise<Answer> {
    const { settings } = this;
    const body = variation.body ?? this.bodyOf(operation);
    const keyValue = variation.keyValue === undefined ? this.keyValueOf(operation.key) : variation.keyValue;
    const headers: Record<string, string | string[]> = {};
    const add = (pairs: ConformSettings['headers']) => {
      for (const [name, value] of pairs) headers[name.toLowerCase()] = value;
    };
    if (isJson(body)) headers['content-type'] = 'application/json';
    add(settings.headers);
    if (variation.slow) add(settings.slowHeaders);
    if (variation.otherCaller) add(settings.otherCaller ?? []);
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    if (keyValue !== null) headers[variation.keyHeader ?? settings.keyHeader] = keyValue;
    return exchange({
      method: settings.method,
      url: filled(settings.url, operation),
      headers,
      body,
      timeoutMs: settings.timeoutMs,
    });
  }

  keyValueOf(key: string): string {
    return this.settings.keyFormat === 'quoted' ? `"${key}"` : key;
  }

  bodyOf(operation: Operation): string | undefined {
    const { body } = this.settings;
    return body === undefined ? undefined : filled(body, operation);
  }

  /** A payload that is another one in value, and not only in spelling. `undefined` where there is none to be made. */
  otherBodyOf(operation: Operation): string | undefined {
    const { otherBody } = this.settings;
    if (otherBody !== undefined) return filled(otherBody, operation);
    const body = this.bodyOf(operation);
    const value = jsonObject(body);
    return value === undefined ? undefined : JSON.stringify({ ...value, conformOtherPayload: true });
  }

  /** The same JSON value in another spelling. `undefined` where the body is no JSON object. */
  respelledBodyOf(operation: Operation): string | undefined {
    const value = jsonObject(this.bodyOf(operation));
    if (value === undefined) return undefined;
    return `${JSON.stringify(Object.fromEntries(Object.entries(value).reverse()), null, 3)}\n`;
  }

  /** How often the operation took effect; `undefined` where nobody said how to find out. */
  async effectsOf(operation: Operation): Promise<number | undefined> {
    const { effects } = this.settings;
    return effects === undefined ? undefined : this.#count(effects, operation);
  }

  async #count({ url, pointer }: EffectsQuery, operation: Operation): Promise<number> {
    const headers = Object.fromEntries(this.settings.headers);
    const filledUrl = filled(url, operation);
    const { timeoutMs } = this.settings;
    const answer = await exchange({ method: 'GET', url: filledUrl, headers, body: undefined, timeoutMs });
    // What a list does not have yet, most APIs say with 404.
    if (answer.status === 404) return 0;
    const value = answer.status === 200 ? valueAt(parsed(answer.body), pointer) : undefined;
    if (Array.isArray(value)) return value.length;
    if (typeof value === 'number') return value;
    throw new CommandError(
      `--effects-url was answered with ${answer.status} and neither a list nor a number at the pointer "${pointer}".`,
      { exitCode: EXIT.unknown },
    );
  }
}

function filled(template: string, { uuid }: Operation): string {
  return template.replaceAll('{{uuid}}', uuid);
}

function isJson(body: string | undefined): boolean {
  return body !== undefined && parsed(body) !== undefined;
}

function jsonObject(body: string | undefined): Record<string, unknown> | undefined {
  const value = body === undefined ? undefined : parsed(body);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
