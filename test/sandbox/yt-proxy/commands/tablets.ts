// Commands of dynamic tables: rows by key, queries, and the state of their tablets.
import { z } from 'zod';
import { flag, parameters, pathOf, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import { commandError } from '../errors.ts';
import { encodeRow } from '../formats.ts';
import { setTabletState, type Node, type TabletState } from '../node.ts';
import { parsePath } from '../paths.ts';
import { parseQuery } from '../query.ts';
import type { Row } from '../schema.ts';
import { selectColumns, unsignedColumns } from '../table-rows.ts';

export const insertRows: Command = { input: 'tabular', output: 'null', volatile: true, heavy: true, run: runInsert };
export const deleteRows: Command = { input: 'tabular', output: 'structured', volatile: true, heavy: true, run: runDelete };
export const lookupRows: Command = { input: 'tabular', output: 'tabular', volatile: false, heavy: true, run: runLookup };
export const selectRows: Command = { input: 'null', output: 'tabular', volatile: false, heavy: true, run: runSelect };
export const mountTable: Command = stateCommand('mounted');
export const unmountTable: Command = stateCommand('unmounted');
export const freezeTable: Command = stateCommand('frozen');
export const unfreezeTable: Command = stateCommand('mounted');
export const remountTable: Command = { ...stateCommand('mounted'), run: (call) => tableOf(call) && valueResult({}) };

const looking = z.object({ column_names: z.array(z.string()).nullish(), keep_missing_rows: flag });

async function runInsert(call: CommandCall): Promise<CommandResult> {
  const { update } = parameters(z.object({ update: flag }), call);
  const table = writableTable(call);
  const rows = await collect(call.rows());
  call.cluster.dynamicTables.insert(table, { rows, update, integralToDouble: call.inputFormat.integralToDouble });
  return { kind: 'empty' };
}

async function runDelete(call: CommandCall): Promise<CommandResult> {
  const table = writableTable(call);
  call.cluster.dynamicTables.delete(table, await collect(call.rows()));
  return valueResult({});
}

async function runLookup(call: CommandCall): Promise<CommandResult> {
  const options = parameters(looking, call);
  const table = mountedTable(tableOf(call));
  const found = call.cluster.dynamicTables.lookup(table, await collect(call.rows()));
  const kept = options.keep_missing_rows ? found : found.filter((row) => row !== undefined);
  return rowsResult(call, table, kept.map((row) => (row === undefined ? null : selectColumns(row, options.column_names ?? null))));
}

function runSelect(call: CommandCall): CommandResult {
  const query = parseQuery(parameters(z.object({ query: z.string() }), call).query);
  const table = mountedTable(call.cluster.cypress.table(parsePath(query.path), transactionOf(call)));
  return rowsResult(call, table, query.run(call.cluster.dynamicTables.scan(table)));
}

function rowsResult(call: CommandCall, table: Node, rows: readonly (Row | null)[]): CommandResult {
  const unsigned = unsignedColumns(table.schema);
  const bytes = Buffer.concat(rows.map((row) => encodeRow(row, call.outputFormat, unsigned)));
  return { kind: 'rows', pieces: onePiece(bytes), responseParameters: {} };
}

function stateCommand(state: TabletState): Command {
  return { input: 'null', output: 'structured', volatile: true, heavy: false, run: (call) => setState(call, state) };
}

function setState(call: CommandCall, state: TabletState): CommandResult {
  const { cypress } = call.cluster;
  const table = tableOf(call);
  if (!table.dynamic) throw commandError(1, 'Only a dynamic table has tablets');
  if (table.tabletState !== state) cypress.change(table.id, null, setTabletState(state, cypress.stamp()));
  return valueResult({});
}

function tableOf(call: CommandCall): Node {
  return call.cluster.cypress.table(pathOf(call), transactionOf(call));
}

function mountedTable(table: Node): Node {
  if (table.dynamic && table.tabletState === 'unmounted') throw commandError(1702, `Table ${table.id} is not mounted`);
  return table;
}

function writableTable(call: CommandCall): Node {
  const table = mountedTable(tableOf(call));
  if (table.dynamic && table.tabletState === 'frozen') throw commandError(1702, `Table ${table.id} is frozen`);
  return table;
}

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const collected: unknown[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}

async function* onePiece(piece: Buffer): AsyncGenerator<Buffer, void> {
  if (piece.length > 0) yield piece;
}
