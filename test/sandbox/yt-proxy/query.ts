// The useful part of the query language: columns, `from [path]`, `where`, `order by`, `offset`, `limit`. No joins, no groups.
import { compareCells, parseExpression, type Expression } from './query-expressions.ts';
import { QueryReader } from './query-tokens.ts';
import type { Row } from './schema.ts';

export interface Query {
  readonly path: string;
  run(rows: Iterable<Row>): Row[];
}

interface Column {
  readonly name: string;
  readonly value: Expression;
}

interface Order {
  readonly value: Expression;
  readonly direction: 1 | -1;
}

export function parseQuery(text: string): Query {
  const reader = new QueryReader(text);
  reader.skip('select');
  const columns = reader.skip('*') ? null : reader.list(() => parseColumn(reader));
  reader.expect('from');
  const path = reader.take('path');
  if (path === null) throw reader.unexpected();
  const where = reader.skip('where') ? parseExpression(reader) : () => true;
  const orders = parseOrders(reader);
  const { offset, limit } = parseWindow(reader);
  if (reader.next !== null) throw reader.unexpected();
  return {
    path,
    run(rows) {
      const found = [...rows].filter((row) => where(row) === true).sort((a, b) => compareRows(orders, a, b));
      return found.slice(offset, offset + limit).map((row) => project(columns, row));
    },
  };
}

function parseColumn(reader: QueryReader): Column {
  const { next } = reader;
  const value = parseExpression(reader);
  const name = reader.skip('as') ? reader.take('name') : (next?.text ?? null);
  if (name === null) throw reader.unexpected();
  return { name, value };
}

function parseOrders(reader: QueryReader): Order[] {
  if (!reader.skip('order')) return [];
  reader.expect('by');
  return reader.list(() => {
    const value = parseExpression(reader);
    const descending = reader.skip('desc');
    if (!descending) reader.skip('asc');
    return { value, direction: descending ? -1 : 1 };
  });
}

function parseWindow(reader: QueryReader): { offset: number; limit: number } {
  const offset = reader.skip('offset') ? takeCount(reader) : 0;
  const limit = reader.skip('limit') ? takeCount(reader) : Infinity;
  return { offset, limit };
}

function takeCount(reader: QueryReader): number {
  const count = Number(reader.take('number') ?? Number.NaN);
  if (!Number.isInteger(count)) throw reader.unexpected();
  return count;
}

function compareRows(orders: readonly Order[], a: Row, b: Row): number {
  for (const { value, direction } of orders) {
    const order = compareCells(value(a), value(b)) * direction;
    if (order !== 0) return order;
  }
  return 0;
}

function project(columns: readonly Column[] | null, row: Row): Row {
  return columns === null ? row : Object.fromEntries(columns.map(({ name, value }) => [name, value(row)]));
}
