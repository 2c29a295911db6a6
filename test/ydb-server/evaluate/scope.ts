// What an expression is compiled against, and what it becomes: a type, and a function of a row.
import type { Expression, Select } from '../ast.ts';
import { compileError, type Position } from '../errors.ts';
import type { Store } from '../storage/store.ts';
import type { Transaction } from '../storage/transactions.ts';
import type { YdbType } from '../types.ts';
import type { Row, Value } from '../values.ts';

/** One statement's run. */
export interface Env {
  readonly tx: Transaction;
  /** The same for the whole query. */
  readonly nowMicros: bigint;
  readonly parameters: ReadonlyMap<string, Value>;
  readonly random: () => number;
  /** Of subqueries and lists that no row changes: once per statement. */
  readonly memo: Map<object, unknown>;
  readonly onFullScan: (table: string) => void;
}

export interface Compiled {
  readonly type: YdbType;
  readonly run: (row: Row, env: Env) => Value;
  /** Set for a literal: it may become another type that can hold it. */
  readonly literal?: Value;
}

export type Binding =
  | { readonly kind: 'parameter'; readonly type: YdbType }
  | { readonly kind: 'expression'; readonly value: Expression; readonly catalog: Catalog };

export interface Catalog {
  readonly store: Store;
  readonly variables: ReadonlyMap<string, Binding>;
  /** Expressions and sources hold selects, which hold expressions and sources. */
  readonly compileSelect: (select: Select, catalog: Catalog) => Relation;
}

export interface ScopeColumn {
  readonly qualifier: string | null;
  readonly name: string;
  readonly type: YdbType;
  /** An output of the same name hides it from a bare name. */
  readonly hidden?: boolean;
}

export interface Scope {
  readonly catalog: Catalog;
  readonly columns: readonly ScopeColumn[];
  /** Set where aggregate functions may stand: it gives each a place in the row of the group. */
  readonly aggregate?: (call: Expression & { kind: 'call' }) => Compiled;
}

export interface Relation {
  readonly columns: readonly ScopeColumn[];
  readonly rows: (env: Env) => Iterable<Row>;
}

export const noRow: Row = [];

export function constant(type: YdbType, value: Value): Compiled {
  return { type, run: () => value, literal: value };
}

export function resolveColumn(scope: Scope, qualifier: string | null, name: string, at: Position): number {
  const matches = scope.columns.flatMap((column, place) => (isNamed(column, qualifier, name) ? [place] : []));
  const [place] = matches;
  const shown = qualifier === null ? name : `${qualifier}.${name}`;
  if (place === undefined) throw compileError(`Member not found: ${shown}`, at);
  if (matches.length > 1) throw compileError(`Column reference is ambiguous: ${shown}`, at);
  return place;
}

function isNamed(column: ScopeColumn, qualifier: string | null, name: string): boolean {
  if (column.name !== name) return false;
  return qualifier === null ? column.hidden !== true : column.qualifier === qualifier;
}

export function variable(catalog: Catalog, name: string, at: Position): Binding {
  const found = catalog.variables.get(name);
  if (found === undefined) throw compileError(`Unknown name: $${name}`, at);
  return found;
}

export function memoized<Result>(env: Env, key: object, make: () => Result): Result {
  if (!env.memo.has(key)) env.memo.set(key, make());
  return env.memo.get(key) as Result;
}
