// Commands of operations: start, look at, abort.
import { z } from 'zod';
import { parameters, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import { newId } from '../cypress.ts';
import { commandError } from '../errors.ts';
import { operationTypes, runOperation, type Operation, type OperationType } from '../operations.ts';

const starts = { input: 'null', output: 'structured', volatile: true, heavy: false } as const;

export const startOperation: Command = { ...starts, run: runStart };
export const sort: Command = { ...starts, run: (call) => start(call, 'sort') };
export const erase: Command = { ...starts, run: (call) => start(call, 'erase') };
export const merge: Command = { ...starts, run: (call) => start(call, 'merge') };
export const getOperation: Command = { input: 'null', output: 'structured', volatile: false, heavy: false, run: runGet };
export const listOperations: Command = { ...getOperation, run: runList };
/** Nothing here has jobs: operations are carried out by the proxy itself. */
export const listJobs: Command = { ...getOperation, run: (call) => operationOf(call) && valueResult({ jobs: [], type_counts: {}, state_counts: {} }) };
/** What is over cannot be aborted, and here everything is over as soon as it is begun. */
export const abortOperation: Command = { ...starts, run: (call) => operationOf(call) && valueResult({}) };

function runStart(call: CommandCall): Promise<CommandResult> {
  const { operation_type: type } = parameters(z.object({ operation_type: z.enum(operationTypes) }), call);
  return start(call, type);
}

async function start(call: CommandCall, type: OperationType): Promise<CommandResult> {
  const { spec } = parameters(z.object({ spec: z.unknown().optional() }), call);
  const operation = await runOperation(call.cluster, { id: newId(), type, spec, transaction: transactionOf(call) });
  call.cluster.operations.set(operation.id, operation);
  return valueResult({ operation_id: operation.id });
}

function runGet(call: CommandCall): CommandResult {
  const { attributes } = parameters(z.object({ attributes: z.array(z.string()).nullish() }), call);
  const shown = Object.entries(describe(operationOf(call)));
  return valueResult(Object.fromEntries(shown.filter(([name]) => attributes?.includes(name) ?? true)));
}

function runList(call: CommandCall): CommandResult {
  const operations = [...call.cluster.operations.values()].map(describe).toReversed();
  return valueResult({ operations, incomplete: false });
}

function operationOf(call: CommandCall): Operation {
  const { operation_id: id } = parameters(z.object({ operation_id: z.string() }), call);
  const operation = call.cluster.operations.get(id);
  if (operation === undefined) throw commandError(1915, `No such operation ${id}`);
  return operation;
}

function describe({ id, type, state, spec, error, startedAt }: Operation): Record<string, unknown> {
  return {
    id,
    type,
    operation_type: type,
    state,
    spec,
    authenticated_user: 'root',
    start_time: startedAt,
    finish_time: startedAt,
    suspended: false,
    progress: {},
    brief_progress: {},
    unrecognized_spec: {},
    alerts: {},
    result: { error: error ?? { code: 0, message: '', attributes: {}, inner_errors: [] } },
  };
}
