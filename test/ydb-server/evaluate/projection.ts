// The columns of a result: their names, their order, and their values.
import type { Projection, SelectCore } from '../ast.ts';
import { compileError } from '../errors.ts';
import type { Row, Value } from '../values.ts';
import { compile } from './expression.ts';
import type { Compiled, Env, Scope, ScopeColumn } from './scope.ts';

export interface Projected {
  readonly columns: readonly ScopeColumn[];
  readonly run: (row: Row, env: Env) => Row;
}

interface Output {
  readonly name: string;
  readonly value: Compiled;
}

/** `*` gives its columns in the order of their names. */
export function project(core: SelectCore, scope: Scope): Projected {
  const outputs = core.projections.flatMap((projection, index) => outputsOf(projection, index, scope));
  for (const [index, { name }] of outputs.entries()) {
    if (outputs.findIndex((other) => other.name === name) !== index) throw compileError(`Duplicated member: ${name}`, core.at);
  }
  return {
    columns: outputs.map(({ name, value }) => ({ qualifier: null, name, type: value.type })),
    run: (row, env): Row => outputs.map(({ value }): Value => value.run(row, env)),
  };
}

function outputsOf(projection: Projection, index: number, scope: Scope): Output[] {
  if (projection.kind === 'expression') return [{ name: outputName(projection, index), value: compile(projection.value, scope) }];
  const { qualifier, at } = projection;
  const own = scope.columns.flatMap((column, place) => (qualifier === null || column.qualifier === qualifier ? [{ column, place }] : []));
  if (own.length === 0) throw compileError(qualifier === null ? '* needs a source' : `Unknown correlation name: ${qualifier}`, at);
  const ordered = own.toSorted((a, b) => (a.column.name < b.column.name ? -1 : 1));
  return ordered.map(({ column: { name, type }, place }) => ({ name, value: { type, run: (row: Row) => row[place] ?? null } }));
}

export function outputName({ value, alias }: Projection & { kind: 'expression' }, index: number): string {
  if (alias !== null) return alias;
  return value.kind === 'column' || value.kind === 'member' ? value.name : `column${index}`;
}
