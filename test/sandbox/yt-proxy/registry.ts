// The commands this proxy knows, by their names in API v4.
import { create, lock, remove, set } from './commands/change-nodes.ts';
import { exists, get, list } from './commands/read-nodes.ts';
import { insertRows, lookupRows, readTableCommand, writeTableCommand } from './commands/tables.ts';
import { abortTransaction, commitTransaction, pingTransaction, startTransaction } from './commands/transactions.ts';
import type { Command } from './command.ts';

export const registry: Readonly<Record<string, Command>> = {
  get,
  list,
  exists,
  create,
  set,
  remove,
  lock,
  start_transaction: startTransaction,
  ping_transaction: pingTransaction,
  commit_transaction: commitTransaction,
  abort_transaction: abortTransaction,
  read_table: readTableCommand,
  write_table: writeTableCommand,
  insert_rows: insertRows,
  lookup_rows: lookupRows,
};

/** What `GET /api/v4` tells. */
export function describeCommands(): unknown {
  return Object.entries(registry).map(([name, { input, output, volatile, heavy }]) => ({
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
