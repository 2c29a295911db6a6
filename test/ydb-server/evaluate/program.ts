// One text: compiled as a whole before any of it runs, so that an error in the last statement leaves no trace of the first.
import type { Returning, Statement } from '../ast.ts';
import { badRequest, compileError, failure, IssueCode, Status } from '../errors.ts';
import { columnPlace, type Table } from '../storage/table.ts';
import { isNullable, sameType, typeText, type YdbType } from '../types.ts';
import type { Row, Value } from '../values.ts';
import { type SchemeStatement } from './ddl.ts';
import { compile } from './expression.ts';
import { compileDelete, compileDeleteOn, compileUpdate, compileUpdateOn, compileWrite, type Modification } from './modify.ts';
import type { Binding, Catalog, Env, Relation } from './scope.ts';
import { compileSelect } from './select.ts';

export interface ResultSet {
  readonly columns: readonly { readonly name: string; readonly type: YdbType }[];
  readonly rows: readonly Row[];
}

export type Step = (env: Env) => ResultSet | null;

export interface Parameter {
  readonly type: YdbType;
  readonly value: Value;
}

export type Program = { readonly kind: 'data'; readonly steps: readonly Step[] } | {
  readonly kind: 'scheme';
  readonly statements: readonly SchemeStatement[];
};

export function compileProgram(
  statements: readonly Statement[],
  store: Catalog['store'],
  parameters: ReadonlyMap<string,
  Parameter>,
): Program {
  const scheme = statements.filter(isScheme);
  if (scheme.length > 0) {
    if (statements.some((statement) => !isScheme(statement))) throw failure(
      Status.GENERIC_ERROR,
      'Queries with mixed data and scheme operations are not supported.',
      IssueCode.badOperation,
    );
    return { kind: 'scheme', statements: scheme };
  }
  let catalog: Catalog = { store, variables: new Map(), compileSelect };
  const steps: Step[] = [];
  for (const statement of statements) {
    const { variables, step } = compileStatement(statement, catalog, parameters);
    if (variables !== undefined) catalog = { ...catalog, variables: new Map([...catalog.variables, variables]) };
    if (step !== undefined) steps.push(step);
  }
  return { kind: 'data', steps };
}

function isScheme(statement: Statement): statement is SchemeStatement {
  return statement.kind === 'create-table' || statement.kind === 'alter-table' || statement.kind === 'drop-table';
}

interface CompiledStatement {
  readonly variables?: readonly [string, Binding];
  readonly step?: Step;
}

type Compile<Kind> = (node: Statement & { readonly kind: Kind }, catalog: Catalog) => Modification;

const modifications: { readonly [Kind in 'write' | 'update' | 'update-on' | 'delete' | 'delete-on']: Compile<Kind> } = {
  write: compileWrite,
  update: compileUpdate,
  'update-on': compileUpdateOn,
  delete: compileDelete,
  'delete-on': compileDeleteOn,
};

function compileStatement(statement: Statement, catalog: Catalog, parameters: ReadonlyMap<string, Parameter>): CompiledStatement {
  switch (statement.kind) {
    case 'declare':
      return { variables: [statement.name, declared(statement, parameters)] };
    case 'define':
      checkDefinition(statement, catalog);
      return { variables: [statement.name, { kind: 'expression', value: statement.value, catalog }] };
    case 'select':
      return { step: selectStep(compileSelect(statement.select, catalog), statement.discard) };
    case 'create-table':
    case 'alter-table':
    case 'drop-table':
      throw compileError('a scheme operation among data operations', statement.at);
    case 'write':
    case 'update':
    case 'update-on':
    case 'delete':
    case 'delete-on':
      break;
  }
  const modify = modifications[statement.kind] as Compile<typeof statement.kind>;
  return { step: modificationStep(modify(statement, catalog), statement.returning, statement) };
}

// It would be compiled where it is used; an unused one must be right too.
function checkDefinition({ value }: Statement & { kind: 'define' }, catalog: Catalog): void {
  if (value.kind === 'subquery') compileSelect(value.select, catalog);
  else compile(value, { catalog, columns: [] });
}

function declared({ name, type }: Statement & { kind: 'declare' }, parameters: ReadonlyMap<string, Parameter>): Binding {
  const given = parameters.get(name);
  if (given === undefined) {
    if (isNullable(type)) return { kind: 'parameter', type };
    throw badRequest(`Missing value for parameter: $${name}`);
  }
  if (!sameType(given.type, type)) {
    throw badRequest(`Parameter $${name} type mismatch, expected: ${typeText(type)}, actual: ${typeText(given.type)}`);
  }
  return { kind: 'parameter', type: given.type };
}

function selectStep(relation: Relation, discard: boolean): Step {
  const columns = relation.columns.map(({ name, type }) => ({ name, type }));
  return (env) => {
    const rows = [...relation.rows(env)];
    return discard ? null : { columns, rows };
  };
}

function modificationStep({ table, run }: Modification, returning: Returning, { at }: Statement): Step {
  const names = returning === '*' ? table.columns.map(({ name }) => name).sort() : (returning ?? []);
  const places = names.map((name) => returnedPlace(table, name, at));
  const columns = places.map(
    (place) => ({ name: table.columns[place]?.name ?? '', type: table.columns[place]?.type ?? { kind: 'null' as const } }),
  );
  return (env) => {
    env.tx.check();
    const rows = run(env);
    return returning === null ? null : { columns, rows: rows.map((row) => places.map((place) => row[place] ?? null)) };
  };
}

function returnedPlace(table: Table, name: string, at: Statement['at']): number {
  const place = columnPlace(table, name);
  if (place === -1) throw compileError(`Member not found: ${name}`, at);
  return place;
}
