// From an HTTP request to a command and back: names, methods, mutation ids, faults, the log of calls.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, CommandCall, CommandResult } from './command.ts';
import type { Cluster } from './cluster.ts';
import { encodingFor } from './encoding.ts';
import { asCommandError, CommandError, commandError, errorBody } from './errors.ts';
import { faultError, type FaultEffect, type Faults } from './faults.ts';
import { byteJson, unwrap, utf8Json } from './formats.ts';
import { checkPrerequisites } from './prerequisites.ts';
import { methodOf, type Api } from './registry.ts';
import { replyError, replyRows, replyValue } from './reply.ts';
import { decompressed, parseRequest, type CallBase, type ParsedRequest } from './request.ts';

/** One call as it came, for assertions. */
export interface LoggedCall {
  readonly command: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly authorization: string | null;
  /** The `Host` it was sent to. */
  readonly host: string;
  readonly correlationId: string | null;
  /** Of the request's body. */
  readonly contentEncoding: string | null;
  readonly acceptEncoding: string | null;
}

export interface ProxyState {
  readonly cluster: Cluster;
  readonly faults: Faults;
  readonly calls: LoggedCall[];
  /** Answers by mutation id, oldest first; a repeat that comes early waits for the first attempt. */
  readonly mutations: Map<string, Promise<CommandResult>>;
  /** What `/hosts` tells; null for the host that was asked. */
  heavyHosts: readonly string[] | null;
}

const remembered = 10_000;

export interface Incoming {
  readonly api: Api;
  readonly name: string;
  readonly request: IncomingMessage;
}

export async function dispatch(state: ProxyState, incoming: Incoming, response: ServerResponse): Promise<void> {
  let parsed: ParsedRequest | null = null;
  let body: Readable | null = null;
  try {
    const command = commandFor(incoming, response);
    body = decompressed(incoming.request);
    parsed = await parseRequest(callBase(state, incoming), command, { request: incoming.request, body });
    await execute(state, { ...incoming, command, parsed }, response);
  } catch (error) {
    if (!response.headersSent) replyError(response, asCommandError(error), parsed?.errorFormat ?? byteJson);
    else response.destroy();
  } finally {
    // A client that still sends rows after they were refused must be able to finish: it reads the error only then.
    body?.destroy();
    incoming.request.resume();
  }
}

function callBase(state: ProxyState, { api, request }: Incoming): CallBase {
  const base: CallBase = {
    cluster: state.cluster,
    heavyHosts: () => state.heavyHosts ?? [request.headers.host ?? ''],
    async runPart(name, parameters, input) {
      const command = registered(api, name);
      if (command.input === 'tabular') throw commandError(1, `Command "${name}" cannot be part of a batch`);
      const rows = (): never => {
        throw commandError(1, 'A part of a batch has no rows');
      };
      const call = { ...base, parameters, inputFormat: utf8Json, outputFormat: utf8Json, value: async () => input, rows };
      return api.shape(name, await runOnce(state, command, call));
    },
  };
  return base;
}

interface Invocation extends Incoming {
  readonly command: Command;
  readonly parsed: ParsedRequest;
}

async function execute(state: ProxyState, { api, name, command, parsed, request }: Invocation, response: ServerResponse): Promise<void> {
  const { call, headerFormat, errorFormat } = parsed;
  const path = pathText(call);
  state.calls.push(logged(name, call, request));
  const fault = state.faults.take(name, path);
  await failFirst(fault, response);
  const encoding = encodingFor(request);
  const result = api.shape(name, await runOnce(state, command, call));
  state.cluster.save();
  if (fault?.kind === 'drop_reply') response.destroy();
  else if (result.kind === 'empty') response.end();
  else if (result.kind === 'value') replyValue(response, { value: result.value, format: call.outputFormat, encoding, fault });
  else await replyRows(response, { ...result, headerFormat, errorFormat, encoding, framing: request.headers['x-yt-accept-framing'] === '1', fault });
}

function logged(command: string, call: CommandCall, { headers }: IncomingMessage): LoggedCall {
  const correlationId = headers['x-yt-correlation-id'];
  return {
    command,
    path: pathText(call),
    parameters: call.parameters,
    authorization: headers.authorization ?? null,
    host: headers.host ?? '',
    correlationId: typeof correlationId === 'string' ? correlationId : null,
    contentEncoding: headers['content-encoding'] ?? null,
    acceptEncoding: headers['accept-encoding'] ?? null,
  };
}

function commandFor({ api, name, request }: Incoming, response: ServerResponse): Command {
  if (!/^[a-z_]+$/.test(name)) throw new CommandError(errorBody(1, 'Malformed command name'), 404);
  const command = registered(api, name);
  const method = methodOf(command);
  if (request.method === method) return command;
  response.setHeader('Allow', method);
  throw new CommandError(errorBody(1, `Command "${name}" has to be executed with the ${method} HTTP method`), 405);
}

function registered({ commands }: Api, name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new CommandError(errorBody(1, `Command "${name}" is not registered`), 404);
  return command;
}

const refusals = {
  unavailable: { status: 503, error: errorBody(108, 'Request is dropped: the proxy is overloaded') },
  throttled: { status: 429, error: errorBody(904, 'Request queue size limit of the user is exceeded') },
} as const;

async function failFirst(fault: FaultEffect | null, response: ServerResponse): Promise<void> {
  if (fault?.kind === 'slow') await sleep(fault.delayMs, undefined, { ref: false });
  if (fault?.kind === 'error') throw new CommandError(faultError(fault.error));
  if (fault?.kind !== 'unavailable' && fault?.kind !== 'throttled') return;
  if (fault.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(fault.retryAfterSeconds));
  const { error, status } = refusals[fault.kind];
  throw new CommandError(error, status);
}

/** A mutation that came before is answered again and not done again. */
async function runOnce(state: ProxyState, command: Command, call: CommandCall): Promise<CommandResult> {
  const { mutation_id: id, retry } = call.parameters;
  if (typeof id !== 'string' || command.heavy) return runAsync(command, call);
  const answered = state.mutations.get(id);
  if (answered !== undefined) {
    if (String(retry) !== 'true') throw commandError(1, 'Duplicate request is not marked as "retry"');
    return answered;
  }
  const running = runAsync(command, call);
  state.mutations.set(id, running);
  // What failed has changed nothing, and may succeed the next time.
  running.catch(() => state.mutations.delete(id));
  const oldest = state.mutations.keys().next();
  if (state.mutations.size > remembered && oldest.done !== true) state.mutations.delete(oldest.value);
  return running;
}

async function runAsync(command: Command, call: CommandCall): Promise<CommandResult> {
  checkPrerequisites(call);
  return command.run(call);
}

function pathText(call: CommandCall): string {
  const { plain } = unwrap(call.parameters['path']);
  return typeof plain === 'string' ? plain : '';
}
