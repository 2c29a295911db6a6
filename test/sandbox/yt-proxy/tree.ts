// The tree from inside the process: seeding and looking without HTTP.
import type { Cluster } from './cluster.ts';
import { NodeType, setTabletState, unlinkChild } from './node.ts';
import { utf8Json, wrap } from './formats.ts';
import { parsePath } from './paths.ts';
import { placeNode } from './placing.ts';
import type { Row } from './schema.ts';
import { readTable } from './table-rows.ts';
import { writeTable } from './table-writer.ts';

/** A column as a YT schema writes it; those with a `sort_order` come first. */
export interface ColumnSpec {
  readonly name: string;
  readonly type: string;
  readonly required?: boolean;
  readonly sort_order?: string;
}

export interface YtTree {
  /** A new static table in place of whatever was there; without columns it takes any row. Returns the id of the node. */
  createTable(path: string, columns?: readonly ColumnSpec[]): string;
  /** Creates a sorted dynamic table with unique keys, mounted, unless there is one. */
  ensureDynamicTable(path: string, columns: readonly ColumnSpec[]): void;
  /** Replaces the rows of a static table, made without a schema if there is none. */
  writeRows(path: string, rows: Iterable<Row>): Promise<void>;
  appendRows(path: string, rows: Iterable<Row>): Promise<void>;
  /** Upserts into a dynamic table. */
  insertRows(path: string, rows: readonly Row[]): void;
  /** All rows: in table order, or by key where the table is dynamic. */
  readRows(path: string): Promise<Row[]>;
  exists(path: string): boolean;
  /** Names of the children of a map node; empty when there is none. */
  list(path: string): string[];
  remove(path: string): void;
}

export function createTree(cluster: Cluster): YtTree {
  return {
    createTable: (path, columns) => placeTable(cluster, path, columns === undefined ? {} : { schema: schemaOf(columns, false) }),
    ensureDynamicTable(path, columns) {
      if (place(cluster, path) !== null) return;
      const id = placeTable(cluster, path, { dynamic: true, schema: schemaOf(columns, true) });
      cluster.cypress.change(id, null, setTabletState('mounted', cluster.cypress.stamp()));
      cluster.save();
    },
    writeRows: (path, rows) => write(cluster, path, { rows, append: false }),
    appendRows: (path, rows) => write(cluster, path, { rows, append: true }),
    insertRows(path, rows) {
      cluster.dynamicTables.insert(cluster.cypress.table(parsePath(path), null), { rows, update: false, integralToDouble: true });
    },
    readRows: (path) => read(cluster, path),
    exists: (path) => place(cluster, path) !== null,
    list: (path) => Object.keys(place(cluster, path)?.node.children ?? {}),
    remove: (path) => remove(cluster, path),
  };
}

type Place = ReturnType<Cluster['cypress']['find']>;

function place(cluster: Cluster, path: string): Place {
  return cluster.cypress.find(parsePath(path), null);
}

function placeTable(cluster: Cluster, path: string, attributes: Readonly<Record<string, unknown>>): string {
  const id = placeNode(cluster, { path: parsePath(path), type: NodeType.table, attributes, recursive: true, transaction: null });
  cluster.save();
  return id;
}

async function write(cluster: Cluster, path: string, { rows, append }: { rows: Iterable<Row>; append: boolean }): Promise<void> {
  if (place(cluster, path) === null) placeTable(cluster, path, {});
  await writeTable(cluster, { path: parsePath(path), transaction: null, append, rows, integralToDouble: true });
}

async function read(cluster: Cluster, path: string): Promise<Row[]> {
  const parsed = parsePath(path);
  const rows: Row[] = [];
  const pieces = readTable(cluster, cluster.cypress.table(parsed, null), { columns: parsed.columns, ranges: parsed.ranges, format: utf8Json });
  for await (const piece of pieces) {
    for (const line of piece.toString('utf8').trimEnd().split('\n')) rows.push(JSON.parse(line) as Row);
  }
  return rows;
}

function remove(cluster: Cluster, path: string): void {
  const found = place(cluster, path);
  if (found?.parentId === null || found?.name === null || found === null) return;
  cluster.cypress.change(found.parentId, null, unlinkChild(found.name, cluster.cypress.stamp()));
  cluster.save();
}

function schemaOf(columns: readonly ColumnSpec[], uniqueKeys: boolean): unknown {
  return wrap(columns, { strict: true, unique_keys: uniqueKeys });
}
