// From an HTTP request to a command and back: names, methods, mutation ids, faults, the log of calls.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, CommandCall, CommandResult } from './command.ts';
import type { Cluster } from './cluster.ts';
import { asCommandError, CommandError, commandError, errorBody } from './errors.ts';
import { faultError, type FaultEffect, type Faults } from './faults.ts';
import { byteJson, unwrap } from './formats.ts';
import { methodOf, registry } from './registry.ts';
import { replyError, replyRows, replyValue } from './reply.ts';
import { parseRequest, type ParsedRequest } from './request.ts';

/** One call as it came, for assertions. */
export interface LoggedCall {
  readonly command: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly authorization: string | null;
}

export interface ProxyState {
  readonly cluster: Cluster;
  readonly faults: Faults;
  readonly calls: LoggedCall[];
  /** Answers by mutation id, oldest first. */
  readonly mutations: Map<string, CommandResult>;
}

const remembered = 10_000;

export async function dispatch(state: ProxyState, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let parsed: ParsedRequest | null = null;
  try {
    const command = commandFor(name, request, response);
    parsed = await parseRequest(state.cluster, command, request);
    await execute(state, { name, command, parsed, authorization: request.headers.authorization ?? null }, response);
  } catch (error) {
    if (!response.headersSent) replyError(response, asCommandError(error), parsed?.errorFormat ?? byteJson);
    else response.destroy();
  }
}

interface Invocation {
  readonly name: string;
  readonly command: Command;
  readonly parsed: ParsedRequest;
  readonly authorization: string | null;
}

async function execute(state: ProxyState, { name, command, parsed, authorization }: Invocation, response: ServerResponse): Promise<void> {
  const { call, headerFormat, errorFormat } = parsed;
  const path = pathText(call);
  state.calls.push({ command: name, path, parameters: call.parameters, authorization });
  if (state.calls.length > remembered) state.calls.shift();
  const fault = state.faults.take(name, path);
  await failFirst(fault, response);
  const result = await runOnce(state, command, call);
  state.cluster.save();
  if (fault?.kind === 'drop_reply') response.destroy();
  else if (result.kind === 'empty') response.end();
  else if (result.kind === 'value') replyValue(response, result.value, call.outputFormat);
  else await replyRows(response, { ...result, headerFormat, errorFormat, fault });
}

function commandFor(name: string, request: IncomingMessage, response: ServerResponse): Command {
  if (!/^[a-z_]+$/.test(name)) throw new CommandError(errorBody(1, 'Malformed command name'), 404);
  const command = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (command === undefined) throw new CommandError(errorBody(1, `Command "${name}" is not registered`), 404);
  const method = methodOf(command);
  if (request.method === method) return command;
  response.setHeader('Allow', method);
  throw new CommandError(errorBody(1, `Command "${name}" has to be executed with the ${method} HTTP method`), 405);
}

async function failFirst(fault: FaultEffect | null, response: ServerResponse): Promise<void> {
  if (fault?.kind === 'slow') await sleep(fault.delayMs, undefined, { ref: false });
  if (fault?.kind === 'error') throw new CommandError(faultError(fault.error));
  if (fault?.kind !== 'unavailable') return;
  if (fault.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(fault.retryAfterSeconds));
  throw new CommandError(errorBody(108, 'Request is dropped: the proxy is overloaded'), 503);
}

/** A mutation that came before is answered again and not done again. */
async function runOnce(state: ProxyState, command: Command, call: CommandCall): Promise<CommandResult> {
  const { mutation_id: id, retry } = call.parameters;
  if (typeof id !== 'string' || command.heavy) return command.run(call);
  const answered = state.mutations.get(id);
  if (answered !== undefined) {
    if (retry !== true) throw commandError(1, 'Duplicate request is not marked as "retry"');
    return answered;
  }
  const result = await command.run(call);
  state.mutations.set(id, result);
  const oldest = state.mutations.keys().next();
  if (state.mutations.size > remembered && oldest.done !== true) state.mutations.delete(oldest.value);
  return result;
}

function pathText(call: CommandCall): string {
  const { plain } = unwrap(call.parameters['path']);
  return typeof plain === 'string' ? plain : '';
}
