// Runs one text in one transaction: parameters in, result sets out. Knows nothing of the wire's services.
import proto from 'ydb-sdk-proto';
import type { Statement } from './ast.ts';
import { badRequest, compileError, failure, IssueCode, Status } from './errors.ts';
import { runScheme } from './evaluate/ddl.ts';
import { compileProgram, type Parameter, type ResultSet, type Step } from './evaluate/program.ts';
import type { Env } from './evaluate/scope.ts';
import { parseStatements } from './parser/statements.ts';
import type { Store } from './storage/store.ts';
import { Transaction } from './storage/transactions.ts';
import { decodeType, encodeType } from './types.ts';
import { decodeValue, encodeValue } from './values.ts';

const maxTextBytes = 10 * 1024;
const maxParameterBytes = 50 * 1024 * 1024;
const keptTexts = 500;

export type WireParameters = Readonly<Record<string, proto.Ydb.ITypedValue>> | null | undefined;

export interface Query {
  readonly text: string;
  readonly parameters: WireParameters;
}

export interface FullScan {
  readonly table: string;
  readonly text: string;
}

export class Engine {
  readonly store: Store;
  readonly random: () => number;
  /** Scans that no key bounds: on a real database each would read the whole table. */
  readonly fullScans: FullScan[] = [];
  readonly #parsed = new Map<string, readonly Statement[]>();

  constructor(store: Store, random: () => number) {
    this.store = store;
    this.random = random;
  }

  parse(text: string): readonly Statement[] {
    if (Buffer.byteLength(text) > maxTextBytes) throw badRequest(
      `Query text size exceeds limit (${Buffer.byteLength(text)}b > ${maxTextBytes}b)`,
    );
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const statements = parseStatements(text);
    if (this.#parsed.size >= keptTexts) this.#parsed.clear();
    this.#parsed.set(text, statements);
    return statements;
  }

  /** In the transaction given; or, with null, in one of the text's own, which alone may change the schema. */
  run(query: Query, transaction: Transaction | null): ResultSet[] {
    const parameters = decodeParameters(query.parameters);
    const program = compileProgram(this.parse(query.text), this.store, parameters);
    if (program.kind === 'scheme') {
      if (transaction !== null) throw failure(
        Status.PRECONDITION_FAILED,
        'Scheme operations cannot be executed inside transaction',
        IssueCode.badOperation,
      );
      for (const statement of program.statements) runScheme(statement, this.store);
      return [];
    }
    if (transaction !== null) return this.#runSteps(program.steps, transaction, { query, parameters });
    return this.#runAlone(program.steps, { query, parameters });
  }

  #runAlone(steps: readonly Step[], given: Given): ResultSet[] {
    const transaction = new Transaction(this.store, 'serializable');
    try {
      const results = this.#runSteps(steps, transaction, given);
      transaction.commit();
      return results;
    } finally {
      transaction.end();
    }
  }

  #runSteps(steps: readonly Step[], tx: Transaction, { query, parameters }: Given): ResultSet[] {
    const nowMicros = this.store.clock.nowMicros();
    const values = new Map([...parameters].map(([name, { value }]) => [name, value]));
    const onFullScan = (table: string): void => void this.fullScans.push({ table, text: query.text });
    const { random } = this;
    const env = (): Env => ({ tx, nowMicros, parameters: values, random, memo: new Map(), onFullScan });
    return steps.map((step) => step(env())).filter((result) => result !== null);
  }
}

interface Given {
  readonly query: Query;
  readonly parameters: ReadonlyMap<string, Parameter>;
}

function decodeParameters(parameters: WireParameters): ReadonlyMap<string, Parameter> {
  const decoded = new Map<string, Parameter>();
  let bytes = 0;
  for (const [name, typed] of Object.entries(parameters ?? {})) {
    if (!name.startsWith('$')) throw compileError(`Bad parameter name: ${name}`, { line: 0, column: 0 });
    bytes += proto.Ydb.TypedValue.encode(typed).len;
    if (bytes > maxParameterBytes) throw badRequest(`Parameters total size limit exceeded: ${bytes}b > ${maxParameterBytes}b`);
    const type = decodeType(typed.type, name);
    decoded.set(name.slice(1), { type, value: decodeValue(type, typed.value, name) });
  }
  return decoded;
}

export function encodeResult({ columns, rows }: ResultSet): proto.Ydb.IResultSet {
  return {
    columns: columns.map(({ name, type }) => ({ name, type: encodeType(type) })),
    rows: rows.map((row) => ({ items: columns.map(({ type }, index) => encodeValue(type, row[index] ?? null)) })),
  };
}
