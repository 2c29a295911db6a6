// The commands this proxy knows, by their names in either version of the API, and how each version shapes the replies.
import { executeBatch } from './commands/batch.ts';
import { create, multisetAttributes, remove, set } from './commands/change-nodes.ts';
import { checkPermission, discoverProxies, getSupportedFeatures } from './commands/cluster-facts.ts';
import { copy, link, move } from './commands/copies.ts';
import { lock, unlock } from './commands/locks.ts';
import { abortOperation, erase, getOperation, listJobs, listOperations, merge, sort, startOperation } from './commands/operations.ts';
import { exists, get, list } from './commands/read-nodes.ts';
import { getTableColumnarStatistics } from './commands/statistics.ts';
import { alterTable, concatenate, readTableCommand, writeTableCommand } from './commands/tables.ts';
import { deleteRows, freezeTable, insertRows, lookupRows, mountTable, remountTable, selectRows, unfreezeTable, unmountTable } from './commands/tablets.ts';
import { abortTransaction, commitTransaction, pingTransaction, startTransaction } from './commands/transactions.ts';
import type { Command, CommandResult } from './command.ts';

export interface Api {
  readonly commands: Readonly<Record<string, Command>>;
  readonly shape: (name: string, result: CommandResult) => CommandResult;
}

const inBoth: Readonly<Record<string, Command>> = {
  get,
  list,
  exists,
  create,
  set,
  multiset_attributes: multisetAttributes,
  remove,
  copy,
  move,
  link,
  lock,
  unlock,
  concatenate,
  read_table: readTableCommand,
  write_table: writeTableCommand,
  alter_table: alterTable,
  insert_rows: insertRows,
  delete_rows: deleteRows,
  lookup_rows: lookupRows,
  select_rows: selectRows,
  mount_table: mountTable,
  unmount_table: unmountTable,
  remount_table: remountTable,
  freeze_table: freezeTable,
  unfreeze_table: unfreezeTable,
  execute_batch: executeBatch,
  get_supported_features: getSupportedFeatures,
  discover_proxies: discoverProxies,
  check_permission: checkPermission,
  get_table_columnar_statistics: getTableColumnarStatistics,
  list_operations: listOperations,
  list_jobs: listJobs,
};

const onlyV4: Readonly<Record<string, Command>> = {
  start_transaction: startTransaction,
  ping_transaction: pingTransaction,
  commit_transaction: commitTransaction,
  abort_transaction: abortTransaction,
  start_operation: startOperation,
  get_operation: getOperation,
  abort_operation: abortOperation,
};

const onlyV3: Readonly<Record<string, Command>> = {
  start_tx: startTransaction,
  ping_tx: pingTransaction,
  commit_tx: commitTransaction,
  abort_tx: abortTransaction,
  start_op: startOperation,
  get_operation: getOperation,
  get_op: getOperation,
  abort_op: abortOperation,
  sort,
  merge,
  erase,
};

/** The one field of the reply that the older version answers with. */
const v3Fields: Readonly<Record<string, string>> = {
  get: 'value',
  list: 'value',
  exists: 'value',
  create: 'node_id',
  copy: 'node_id',
  move: 'node_id',
  link: 'node_id',
  lock: 'lock_id',
  start_tx: 'transaction_id',
  start_op: 'operation_id',
  sort: 'operation_id',
  merge: 'operation_id',
  erase: 'operation_id',
  execute_batch: 'results',
  get_supported_features: 'features',
  discover_proxies: 'proxies',
};

const wholeInV3: ReadonlySet<string> = new Set(['get_op', 'get_operation', 'list_operations', 'list_jobs', 'check_permission', 'get_table_columnar_statistics']);

export const apis: Readonly<Record<string, Api>> = {
  v3: { commands: { ...inBoth, ...onlyV3 }, shape: shapeV3 },
  v4: { commands: { ...inBoth, ...onlyV4 }, shape: (_, result) => result },
};

/** What `GET /api/v4` tells. */
export function describeCommands({ commands }: Api): unknown {
  return Object.entries(commands).map(([name, { input, output, volatile, heavy }]) => ({
    name,
    input_type: input,
    output_type: output,
    is_volatile: volatile,
    is_heavy: heavy,
  }));
}

export function methodOf(command: Command): 'GET' | 'POST' | 'PUT' {
  if (command.input !== 'null') return 'PUT';
  return command.volatile ? 'POST' : 'GET';
}

function shapeV3(name: string, result: CommandResult): CommandResult {
  if (result.kind !== 'value' || wholeInV3.has(name)) return result;
  const field = v3Fields[name];
  if (field === undefined) return { kind: 'empty' };
  const { value } = result;
  const wrapped = typeof value === 'object' && value !== null && field in value;
  return { kind: 'value', value: wrapped ? (value as Record<string, unknown>)[field] : value };
}
