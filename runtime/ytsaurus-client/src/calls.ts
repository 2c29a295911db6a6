// One logical call: attempts of one exchange, tied together by a correlation id and, for mutations, made exactly once.
import { commands, type Command } from './commands.ts';
import { YtError } from './errors.ts';
import { structuredFormat } from './formats.ts';
import { parseJson } from './json.ts';
import { retrying, type RetrySettings } from './retry.ts';
import type { Request, Transport } from './transport.ts';

/** What every operation of the client works with. */
export interface Calls {
  readonly transport: Transport;
  readonly retry: RetrySettings;
  /** A fresh YT guid: four hexadecimal 32-bit numbers joined by hyphens. */
  readonly newGuid: () => string;
}

export interface LightRequest {
  readonly command: Command;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly body?: string;
}

/** The parsed reply; null for an empty one. */
export async function callLight(calls: Calls, request: LightRequest, signal?: AbortSignal): Promise<unknown> {
  const correlationId = calls.newGuid();
  const mutationId = commands[request.command].mutating ? calls.newGuid() : null;
  const once = (before: number): Promise<unknown> => {
    const parameters = parametersOf(request, mutationId, before);
    return attempt(calls, { ...request, correlationId, parameters }, signal);
  };
  return retrying(calls.retry, once, signal);
}

/** One named field of the map that API v4 wraps replies in. */
export async function callForField(calls: Calls, request: LightRequest & { readonly field: string }, signal?: AbortSignal): Promise<unknown> {
  const { field, ...rest } = request;
  const reply = await callLight(calls, rest, signal);
  if (typeof reply === 'object' && reply !== null && field in reply) return (reply as Record<string, unknown>)[field];
  throw new YtError(`${request.command}: the reply has no field ${field}`, { class: 'fatal' });
}

function parametersOf(request: LightRequest, mutationId: string | null, before: number): Record<string, unknown> {
  // What the body holds: a value, or rows in a format of the caller's.
  const input = request.body === undefined || 'input_format' in request.parameters ? {} : { input_format: structuredFormat };
  const formats = { output_format: structuredFormat, ...input };
  // Under the same mutation id a repeat gets the first answer again, even when its reply was lost on the way.
  const mutation = mutationId === null ? {} : { mutation_id: mutationId, retry: before > 0 };
  return { ...request.parameters, ...formats, ...mutation };
}

async function attempt(calls: Calls, request: Request, signal?: AbortSignal): Promise<unknown> {
  const reply = await calls.transport.send(request, signal);
  const text = await reply.text();
  if (text.trim() === '') return null;
  try {
    return parseJson(text);
  } catch (error) {
    // Cut by something on the way: the server itself writes whole documents.
    throw new YtError(`${request.command}: the reply is not JSON`, { class: 'retriable' }, { cause: error });
  }
}
