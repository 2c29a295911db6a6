// Operations: sort and merge, carried out at once and kept by id with their outcome.
import { z } from 'zod';
import type { Cluster } from './cluster.ts';
import type { Transaction } from './cypress.ts';
import { asCommandError, commandError, type ErrorBody } from './errors.ts';
import { compareKeys } from './keys.ts';
import { NodeType, rowCount, type Node } from './node.ts';
import { parsePath, type Path } from './paths.ts';
import { placeNode } from './placing.ts';
import { keyColumns, keyOf, sortedBy, type Row, type Schema } from './schema.ts';
import { rowIndexes, scanTable, selectColumns } from './table-rows.ts';
import { writeTable } from './table-writer.ts';

export interface Operation {
  readonly id: string;
  readonly type: OperationType;
  readonly state: 'completed' | 'failed';
  readonly spec: unknown;
  readonly error: ErrorBody | null;
  readonly startedAt: string;
}

export const operationTypes = ['sort', 'merge', 'erase'] as const;
export type OperationType = (typeof operationTypes)[number];

export interface OperationRequest {
  readonly id: string;
  readonly type: OperationType;
  readonly spec: unknown;
  readonly transaction: Transaction | null;
}

const column = z.union([z.string(), z.looseObject({ name: z.string() }).transform(({ name }) => name)]);
const erasing = z.looseObject({ table_path: z.unknown() });
const columns = z.union([z.array(column), z.string().transform((name) => [name])]);
const specs = z.looseObject({
  input_table_paths: z.array(z.unknown()).min(1),
  output_table_path: z.unknown(),
  sort_by: columns.optional(),
  merge_by: columns.optional(),
  mode: z.enum(['unordered', 'ordered', 'sorted']).default('unordered'),
});

type Spec = z.output<typeof specs>;

/** A failure is the operation's state, not this call's. */
export async function runOperation(cluster: Cluster, { id, type, spec, transaction }: OperationRequest): Promise<Operation> {
  const begun = { id, type, spec, startedAt: new Date().toISOString() };
  try {
    if (type === 'erase') await erase(cluster, spec, transaction);
    else await carryOut(cluster, { type, spec: parseSpec(specs, spec), transaction });
    return { ...begun, state: 'completed', error: null };
  } catch (error) {
    return { ...begun, state: 'failed', error: asCommandError(error).body };
  }
}

interface Work {
  readonly type: OperationType;
  readonly spec: Spec;
  readonly transaction: Transaction | null;
}

async function carryOut(cluster: Cluster, { type, spec, transaction }: Work): Promise<void> {
  const path = parsePath(spec.output_table_path);
  const table = outputTable(cluster, path, transaction);
  const by = keyNames(cluster, { type, spec, transaction });
  const schema = by.length > 0 && !path.append ? sortedBy(table.schema, by) : table.schema;
  const rows = inputRows(cluster, spec, transaction);
  const sorted = by.length === 0 ? rows : (await collect(rows)).sort((a, b) => compareBy(by, a, b));
  const target = keyColumns(table.schema).length === 0 && by.length > 0 ? { schema } : {};
  if (path.append && by.length > 0 && rowCount(table) > 0 && keyColumns(table.schema).length === 0) {
    throw commandError(1, 'Sorted rows cannot be appended to a table that is not sorted');
  }
  await writeTable(cluster, { path, transaction, append: path.append, rows: sorted, integralToDouble: false, ...target });
}

/** One that is to be created, as the path may say, has the schema and the other attributes of the path. */
function outputTable(cluster: Cluster, path: Path, transaction: Transaction | null): Node {
  const { create, schema } = path.attributes;
  const missing = cluster.cypress.find(path, transaction) === null;
  if (create === true && missing) {
    const attributes = schema === undefined ? {} : { schema };
    placeNode(cluster, { path, type: NodeType.table, attributes, recursive: false, transaction });
  }
  return cluster.cypress.table(path, transaction);
}

/** The rows of the ranges go, the others stay. */
async function erase(cluster: Cluster, spec: unknown, transaction: Transaction | null): Promise<void> {
  const path = parsePath(parseSpec(erasing, spec).table_path);
  const table = cluster.cypress.table(path, transaction);
  const gone = await rowIndexes(cluster, table, path.ranges);
  const isGone = (index: number): boolean => gone.some(({ start, end }) => index >= start && index < (end ?? Infinity));
  const kept = async function* (): AsyncGenerator<Row, void> {
    let index = 0;
    for await (const row of scanTable(cluster, table)) {
      if (!isGone(index)) yield row;
      index += 1;
    }
  };
  await writeTable(cluster, { path: { ...path, append: false }, transaction, append: false, rows: kept(), integralToDouble: false });
}

/** The columns the rows must come in the order of; none where any order will do. */
function keyNames(cluster: Cluster, { type, spec, transaction }: Work): readonly string[] {
  if (type === 'sort') {
    if (spec.sort_by === undefined || spec.sort_by.length === 0) throw commandError(1, 'The spec of a sort must name "sort_by"');
    return spec.sort_by;
  }
  if (spec.mode !== 'sorted') return [];
  const [first] = spec.input_table_paths.map((path) => cluster.cypress.table(parsePath(path), transaction).schema);
  return spec.merge_by ?? keyColumns(first as Schema).map(({ name }) => name);
}

async function* inputRows(cluster: Cluster, spec: Spec, transaction: Transaction | null): AsyncGenerator<Row, void> {
  for (const path of spec.input_table_paths.map((given): Path => parsePath(given))) {
    const table = cluster.cypress.table(path, transaction);
    for await (const row of scanTable(cluster, table, path.ranges)) yield selectColumns(row, path.columns);
  }
}

function compareBy(names: readonly string[], a: Row, b: Row): number {
  const schema = sortedBy({ columns: [], strict: false, uniqueKeys: false }, names);
  return compareKeys(keyOf(schema, a), keyOf(schema, b));
}

function parseSpec<Shape extends z.ZodType>(shape: Shape, spec: unknown): z.output<Shape> {
  const parsed = shape.safeParse(spec);
  if (parsed.success) return parsed.data;
  throw commandError(1, `Error parsing operation spec: ${parsed.error.issues[0]?.path.join('/') ?? ''}`);
}

async function collect(rows: AsyncIterable<Row>): Promise<Row[]> {
  const collected: Row[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}
