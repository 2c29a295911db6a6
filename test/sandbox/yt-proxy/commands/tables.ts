// Commands that move rows: read_table and write_table, insert_rows and lookup_rows.
import { z } from 'zod';
import { pathOf, parameters, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import { encodeRow } from '../formats.ts';
import { checkRow } from '../schema.ts';
import { readTable, selectColumns, startRow, writeTable } from '../table-rows.ts';

export const readTableCommand: Command = { input: 'null', output: 'tabular', volatile: false, heavy: true, run: runRead };
export const writeTableCommand: Command = { input: 'tabular', output: 'structured', volatile: true, heavy: true, run: runWrite };
export const insertRows: Command = { input: 'tabular', output: 'null', volatile: true, heavy: true, run: runInsert };
export const lookupRows: Command = { input: 'tabular', output: 'tabular', volatile: false, heavy: true, run: runLookup };

const inserting = z.object({ update: z.boolean().default(false) });
const looking = z.object({ column_names: z.array(z.string()).nullish(), keep_missing_rows: z.boolean().default(false) });

function runRead(call: CommandCall): CommandResult {
  const path = pathOf(call);
  const table = call.cluster.cypress.table(path, transactionOf(call));
  const pieces = readTable(call.cluster, table, { columns: path.columns, ranges: path.ranges, format: call.outputFormat });
  const rowsBefore = startRow(table, path.ranges);
  const start = rowsBefore === null ? {} : { start_row_index: rowsBefore };
  const count = table.chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0);
  return { kind: 'rows', pieces, responseParameters: { ...start, approximate_row_count: count, omitted_inaccessible_columns: [] } };
}

async function runWrite(call: CommandCall): Promise<CommandResult> {
  const path = pathOf(call);
  const transaction = transactionOf(call);
  const { schema } = call.cluster.cypress.table(path, transaction);
  const lines = async function* (): AsyncGenerator<string, void> {
    for await (const row of call.rows()) yield JSON.stringify(checkRow(schema, row, call.inputFormat.integralToDouble));
  };
  await writeTable(call.cluster, { path, transaction, append: path.append, lines: lines() });
  return valueResult({});
}

async function runInsert(call: CommandCall): Promise<CommandResult> {
  const { update } = parameters(inserting, call);
  const table = call.cluster.cypress.table(pathOf(call), transactionOf(call));
  const rows = await collect(call.rows());
  call.cluster.dynamicTables.insert(table, { rows, update, integralToDouble: call.inputFormat.integralToDouble });
  return { kind: 'empty' };
}

async function runLookup(call: CommandCall): Promise<CommandResult> {
  const options = parameters(looking, call);
  const table = call.cluster.cypress.table(pathOf(call), transactionOf(call));
  const found = call.cluster.dynamicTables.lookup(table, await collect(call.rows()));
  const kept = options.keep_missing_rows ? found : found.filter((row) => row !== undefined);
  const shown = kept.map((row) => (row === undefined ? null : selectColumns(row, options.column_names ?? null)));
  const text = shown.map((row) => encodeRow(row, call.outputFormat)).join('');
  return { kind: 'rows', pieces: onePiece(Buffer.from(text)), responseParameters: {} };
}

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const collected: unknown[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}

async function* onePiece(piece: Buffer): AsyncGenerator<Buffer, void> {
  if (piece.length > 0) yield piece;
}
