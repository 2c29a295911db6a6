// The statement tree of the YQL subset that the server runs.
import type { Position } from './errors.ts';
import type { YdbType } from './types.ts';
import type { Value } from './values.ts';

interface Placed {
  readonly at: Position;
}

export type BinaryOperator = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'AND' | 'OR' | 'XOR' | '+' | '-' | '*' | '/' | '%' | '||' | '??';

export type Expression = Placed & ExpressionNode;

type ExpressionNode =
  | { readonly kind: 'literal'; readonly type: YdbType; readonly value: Value }
  | { readonly kind: 'column'; readonly qualifier: string | null; readonly name: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Argument[]; readonly star: boolean; readonly distinct: boolean }
  | { readonly kind: 'cast'; readonly value: Expression; readonly type: YdbType }
  | { readonly kind: 'nothing'; readonly type: YdbType }
  | { readonly kind: 'negate'; readonly value: Expression }
  | { readonly kind: 'not'; readonly value: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'is-null'; readonly value: Expression }
  | { readonly kind: 'in'; readonly value: Expression; readonly list: Expression }
  | { readonly kind: 'like'; readonly value: Expression; readonly pattern: Expression; readonly ignoreCase: boolean }
  | { readonly kind: 'case'; readonly branches: readonly { when: Expression; result: Expression }[]; readonly otherwise: Expression | null }
  | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'member'; readonly value: Expression; readonly name: string }
  | { readonly kind: 'subquery'; readonly select: Select }
  | { readonly kind: 'exists'; readonly select: Select };

/** `name` is set for `expr AS name`, as in AsStruct. */
export interface Argument {
  readonly value: Expression;
  readonly name: string | null;
}

export type Source = Placed & { readonly alias: string | null } & SourceNode;

type SourceNode =
  | { readonly kind: 'table'; readonly table: string; readonly view: string | null }
  | { readonly kind: 'as-table'; readonly list: Expression }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'subquery'; readonly select: Select };

export type JoinKind = 'inner' | 'left' | 'left-only' | 'left-semi';

export interface Join extends Placed {
  readonly kind: JoinKind;
  readonly source: Source;
  readonly on: Expression;
}

export type Projection =
  | { readonly kind: 'star'; readonly qualifier: string | null; readonly at: Position }
  | { readonly kind: 'expression'; readonly value: Expression; readonly alias: string | null };

export interface OrderKey {
  readonly value: Expression;
  readonly descending: boolean;
}

export interface SelectCore extends Placed {
  readonly distinct: boolean;
  readonly projections: readonly Projection[];
  readonly from: Source | null;
  readonly joins: readonly Join[];
  readonly where: Expression | null;
  readonly groupBy: readonly { value: Expression; alias: string | null }[];
  readonly having: Expression | null;
}

/** One core, or several under UNION ALL; the order and the limit belong to the whole. */
export interface Select extends Placed {
  readonly cores: readonly SelectCore[];
  readonly distinctUnion: boolean;
  readonly orderBy: readonly OrderKey[];
  readonly limit: Expression | null;
  readonly offset: Expression | null;
}

export type Returning = readonly string[] | '*' | null;

export interface ColumnDefinition extends Placed {
  readonly name: string;
  readonly type: YdbType;
  readonly notNull: boolean;
  readonly defaultValue: Expression | null;
}

export interface IndexDefinition extends Placed {
  readonly name: string;
  readonly columns: readonly string[];
  readonly cover: readonly string[];
  readonly mode: 'sync' | 'async';
  readonly unique: boolean;
}

export interface TimeToLive {
  readonly column: string;
  readonly afterMicros: bigint;
  /** Micros in one unit of a numeric column. */
  readonly unitMicros: bigint | null;
}

export type AlterAction =
  | { readonly kind: 'add-column'; readonly column: ColumnDefinition }
  | { readonly kind: 'drop-column'; readonly name: string }
  | { readonly kind: 'add-index'; readonly index: IndexDefinition }
  | { readonly kind: 'drop-index'; readonly name: string }
  | { readonly kind: 'set-index'; readonly name: string; readonly settings: Settings }
  | { readonly kind: 'set'; readonly settings: Settings; readonly ttl: TimeToLive | null }
  | { readonly kind: 'reset'; readonly names: readonly string[] };

export type Settings = Readonly<Record<string, string>>;

export type WriteKind = 'UPSERT' | 'INSERT' | 'REPLACE';

export type Statement = Placed & StatementNode;

type StatementNode =
  | { readonly kind: 'declare'; readonly name: string; readonly type: YdbType }
  | { readonly kind: 'define'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'select'; readonly select: Select; readonly discard: boolean }
  | {
    readonly kind: 'write';
    readonly write: WriteKind;
    readonly table: string;
    readonly columns: readonly string[] | null;
    readonly rows: Select | ValuesRows;
    readonly returning: Returning;
  }
  | {
    readonly kind: 'update';
    readonly table: string;
    readonly assignments: readonly { column: string; value: Expression }[];
    readonly where: Expression | null;
    readonly returning: Returning;
  }
  | {
    readonly kind: 'update-on';
    readonly table: string;
    readonly columns: readonly string[] | null;
    readonly rows: Select | ValuesRows;
    readonly returning: Returning;
  }
  | { readonly kind: 'delete'; readonly table: string; readonly where: Expression | null; readonly returning: Returning }
  | {
    readonly kind: 'delete-on';
    readonly table: string;
    readonly columns: readonly string[] | null;
    readonly rows: Select | ValuesRows;
    readonly returning: Returning;
  }
  | {
    readonly kind: 'create-table';
    readonly table: string;
    readonly ifNotExists: boolean;
    readonly columns: readonly ColumnDefinition[];
    readonly primaryKey: readonly string[];
    readonly indexes: readonly IndexDefinition[];
    readonly settings: Settings;
    readonly ttl: TimeToLive | null;
  }
  | { readonly kind: 'alter-table'; readonly table: string; readonly actions: readonly AlterAction[] }
  | { readonly kind: 'drop-table'; readonly table: string; readonly ifExists: boolean };

export interface ValuesRows {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expression[])[];
}
