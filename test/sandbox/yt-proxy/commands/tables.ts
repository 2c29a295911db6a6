// Commands of static tables: read_table, write_table, concatenate, alter_table.
import { z } from 'zod';
import { writeChunks } from '../chunks.ts';
import type { Cluster } from '../cluster.ts';
import { flag, parameters, pathOf, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import { commandError } from '../errors.ts';
import { acquireLock } from '../locks.ts';
import { rowCount, setKind, setSchema, type Node } from '../node.ts';
import { checkDynamic } from '../placing.ts';
import { parsePath, type Path } from '../paths.ts';
import { checkRow, keyColumns, parseSchema, sortedBy, type Row, type Schema } from '../schema.ts';
import { readTable, rowIndexes, scanTable, startRow } from '../table-rows.ts';
import { writeTable } from '../table-writer.ts';

export const readTableCommand: Command = { input: 'null', output: 'tabular', volatile: false, heavy: true, run: runRead };
export const writeTableCommand: Command = { input: 'tabular', output: 'structured', volatile: true, heavy: true, run: runWrite };
export const concatenate: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runConcatenate };
export const alterTable: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runAlter };

const reading = z.object({
  control_attributes: z.object({ enable_row_index: flag, enable_range_index: flag }).nullish(),
});
const concatenating = z.object({ source_paths: z.array(z.unknown()).min(1), destination_path: z.unknown() });

async function runRead(call: CommandCall): Promise<CommandResult> {
  const { control_attributes: control } = parameters(reading, call);
  const path = pathOf(call);
  const table = call.cluster.cypress.table(path, transactionOf(call));
  const ranges = await rowIndexes(call.cluster, table, path.ranges);
  const marks = { rowIndex: control?.enable_row_index === true, rangeIndex: control?.enable_range_index === true };
  const pieces = readTable(call.cluster, table, { columns: path.columns, ranges, format: call.outputFormat, marks });
  const rowsBefore = startRow(table, ranges);
  const start = rowsBefore === null ? {} : { start_row_index: rowsBefore };
  const counts = ranges.map((range) => Math.max(0, Math.min(range.end ?? Infinity, rowCount(table)) - range.start));
  const count = counts.reduce((sum, rows) => sum + rows, 0);
  return { kind: 'rows', pieces, responseParameters: { ...start, approximate_row_count: count, omitted_inaccessible_columns: [] } };
}

async function runWrite(call: CommandCall): Promise<CommandResult> {
  const path = pathOf(call);
  const { integralToDouble } = call.inputFormat;
  const writing = { path, transaction: transactionOf(call), append: path.append, rows: call.rows(), integralToDouble };
  await writeTable(call.cluster, { ...writing, ...schemaAsked(call, path) });
  return valueResult({});
}

const writtenWith = z.looseObject({ schema: z.unknown().optional(), sorted_by: z.array(z.string()).optional() });

/** What stands with the path says how the table shall be once it is written anew. */
function schemaAsked(call: CommandCall, path: Path): { schema?: Schema } {
  const { schema, sorted_by: names } = writtenWith.parse(path.attributes);
  if (schema === undefined && names === undefined) return {};
  const table = call.cluster.cypress.table(path, transactionOf(call));
  if (path.append) {
    if (schema === undefined && names?.join() === keyColumns(table.schema).map(({ name }) => name).join()) return {};
    throw commandError(1, 'YPath attributes "append" and "schema" or "sorted_by" are not compatible');
  }
  const given = schema === undefined ? table.schema : parseSchema(schema);
  return { schema: names === undefined ? given : sortedBy(given, names) };
}

async function runConcatenate(call: CommandCall): Promise<CommandResult> {
  const { source_paths: sources, destination_path: destination } = parameters(concatenating, call);
  const { cluster } = call;
  const path = parsePath(destination);
  const transaction = transactionOf(call);
  const tables = sources.map((source) => cluster.cypress.table(parsePath(source), transaction));
  const rows = async function* (): AsyncGenerator<Row, void> {
    for (const table of tables) yield* scanTable(cluster, table);
  };
  await writeTable(cluster, { path, transaction, append: path.append, rows: rows(), integralToDouble: false });
  return valueResult({});
}

async function runAlter(call: CommandCall): Promise<CommandResult> {
  const { schema, dynamic } = parameters(z.object({ schema: z.unknown().optional(), dynamic: z.boolean().nullish() }), call);
  const { cluster } = call;
  const transaction = transactionOf(call);
  const table = cluster.cypress.table(pathOf(call), transaction);
  if (schema !== undefined) await alterSchema(call, table, schema);
  if ((dynamic ?? table.dynamic) !== table.dynamic) await alterKind(cluster, cluster.cypress.table(pathOf(call), transaction));
  return valueResult({});
}

async function alterSchema(call: CommandCall, table: Node, schema: unknown): Promise<void> {
  const { cluster } = call;
  const transaction = transactionOf(call);
  const parsed = parseSchema(schema);
  const keys = keyColumns(parsed).map((column) => column.name).join();
  const before = keyColumns(table.schema).map((column) => column.name).join();
  if (keys !== before) throw commandError(316, 'Key columns of a table cannot be changed');
  for await (const row of scanTable(cluster, table)) checkRow(parsed, row, false);
  acquireLock(cluster.cypress, table, { mode: 'exclusive' }, transaction);
  cluster.cypress.change(table.id, transaction, setSchema(parsed, cluster.cypress.stamp()));
}

/** From static to dynamic or back, with the rows that are there. */
async function alterKind(cluster: Cluster, table: Node): Promise<void> {
  const { cypress, dynamicTables } = cluster;
  if (table.tabletState !== 'unmounted') throw commandError(1, 'A mounted table cannot be made static: unmount it first');
  acquireLock(cypress, table, { mode: 'exclusive' }, null);
  if (table.dynamic) {
    const chunks = await writeChunks(cluster.chunks, dynamicTables.scan(table).map((row) => JSON.stringify(row)), () => undefined);
    cypress.change(table.id, null, setKind(false, chunks, cypress.stamp()));
    return;
  }
  checkDynamic(table.schema);
  const rows: Row[] = [];
  for await (const row of scanTable(cluster, table)) rows.push(row);
  cypress.change(table.id, null, setKind(true, [], cypress.stamp()));
  dynamicTables.insert({ ...table, dynamic: true, chunks: [] }, { rows, update: false, integralToDouble: true });
}
