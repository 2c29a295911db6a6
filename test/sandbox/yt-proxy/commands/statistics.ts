// get_table_columnar_statistics: how much each column of a table weighs.
import { z } from 'zod';
import { parameters, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import { commandError } from '../errors.ts';
import { parsePath } from '../paths.ts';
import { scanTable } from '../table-rows.ts';

export const getTableColumnarStatistics: Command = { input: 'null', output: 'structured', volatile: false, heavy: true, run: runStatistics };

async function runStatistics(call: CommandCall): Promise<CommandResult> {
  const { paths } = parameters(z.object({ paths: z.array(z.unknown()).min(1) }), call);
  const statistics: unknown[] = [];
  for (const path of paths) statistics.push(await weigh(call, path));
  return valueResult(statistics);
}

async function weigh(call: CommandCall, given: unknown): Promise<unknown> {
  const path = parsePath(given);
  const table = call.cluster.cypress.table(path, transactionOf(call));
  const columns = path.columns ?? table.schema.columns.map(({ name }) => name);
  if (path.columns === null && !table.schema.strict) throw commandError(1, 'The path must name the columns of a table whose schema does not');
  const weights = new Map(columns.map((name) => [name, 0]));
  for await (const row of scanTable(call.cluster, table, path.ranges)) {
    for (const name of columns) weights.set(name, (weights.get(name) ?? 0) + weightOf(row[name]));
  }
  return { column_data_weights: Object.fromEntries(weights), legacy_chunks_data_weight: 0 };
}

/** Strings weigh their bytes, a flag one and a number eight. */
function weightOf(value: unknown): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'boolean') return 1;
  return typeof value === 'object' && '$attributes' in value ? Buffer.byteLength(JSON.stringify(value)) : 8;
}
