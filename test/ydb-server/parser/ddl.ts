// CREATE, ALTER and DROP TABLE with their settings.
import type { AlterAction, ColumnDefinition, IndexDefinition, Settings, Statement, TimeToLive } from '../ast.ts';
import { compileError } from '../errors.ts';
import { intervalMicros } from '../times.ts';
import { isNullable, optionalOf } from '../types.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './expressions.ts';
import { parseType } from './types.ts';

/** Settings of tables and indexes; an unknown one is refused, as it would be by the server. */
const knownSettings = new Set([
  'AUTO_PARTITIONING_BY_SIZE', 'AUTO_PARTITIONING_PARTITION_SIZE_MB', 'AUTO_PARTITIONING_BY_LOAD', 'AUTO_PARTITIONING_MIN_PARTITIONS_COUNT',
  'AUTO_PARTITIONING_MAX_PARTITIONS_COUNT', 'UNIFORM_PARTITIONS', 'PARTITION_AT_KEYS',
  'READ_REPLICAS_SETTINGS', 'KEY_BLOOM_FILTER', 'STORE', 'TTL',
]);
const units: Readonly<Record<string, bigint>> = { SECONDS: 1_000_000n, MILLISECONDS: 1_000n, MICROSECONDS: 1n, NANOSECONDS: 0n };

export function parseCreate(cursor: Cursor): Statement {
  const { at } = cursor;
  cursor.expect('CREATE', 'TABLE');
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS');
  const table = cursor.name('a table');
  const parts = cursor.parenthesized(() => parseParts(cursor));
  const { settings, ttl } = cursor.accept('WITH') ? cursor.parenthesized(() => parseSettings(cursor)) : { settings: {}, ttl: null };
  return { kind: 'create-table', at, table, ifNotExists, ...parts, settings, ttl };
}

interface Parts {
  columns: ColumnDefinition[];
  indexes: IndexDefinition[];
  primaryKey: string[];
}

function parseParts(cursor: Cursor): Parts {
  const parts: Parts = { columns: [], indexes: [], primaryKey: [] };
  cursor.list(() => {
    if (cursor.accept('PRIMARY', 'KEY')) parts.primaryKey = cursor.names('a column');
    else if (cursor.isKeyword('INDEX')) parts.indexes.push(parseIndex(cursor));
    else if (!cursor.isSymbol(')')) parts.columns.push(parseColumn(cursor));
  });
  return parts;
}

function parseColumn(cursor: Cursor): ColumnDefinition {
  const { at } = cursor;
  const name = cursor.name('a column');
  const declared = parseType(cursor);
  if (isNullable(declared)) throw compileError('columns are nullable unless NOT NULL; write the bare type', at);
  let notNull = false;
  let defaultValue: ColumnDefinition['defaultValue'] = null;
  for (;;) {
    if (cursor.accept('NOT', 'NULL')) notNull = true;
    else if (cursor.accept('DEFAULT')) defaultValue = parseExpression(cursor);
    else if (!cursor.accept('NULL')) break;
  }
  return { at, name, type: notNull ? declared : optionalOf(declared), notNull, defaultValue };
}

function parseIndex(cursor: Cursor): IndexDefinition {
  const { at } = cursor;
  cursor.expect('INDEX');
  const name = cursor.name('an index');
  cursor.expect('GLOBAL');
  const unique = cursor.accept('UNIQUE');
  const sync = cursor.accept('SYNC');
  // Older servers made a plain index of this without a word.
  if (unique && !sync) throw compileError('GLOBAL UNIQUE needs the word SYNC', at);
  const mode = !sync && cursor.accept('ASYNC') ? 'async' : 'sync';
  cursor.expect('ON');
  const columns = cursor.names('a column');
  return { at, name, columns, cover: cursor.accept('COVER') ? cursor.names('a column') : [], mode, unique };
}

function parseSettings(cursor: Cursor): { settings: Settings; ttl: TimeToLive | null } {
  const settings: Record<string, string> = {};
  let ttl: TimeToLive | null = null;
  cursor.list(() => {
    if (cursor.isSymbol(')')) return;
    const name = parseSettingName(cursor);
    cursor.expectSymbol('=');
    if (name === 'TTL') ttl = parseTtl(cursor);
    else settings[name] = parseSettingValue(cursor);
  });
  return { settings, ttl };
}

function parseSettingName(cursor: Cursor): string {
  const { at } = cursor;
  const name = cursor.name('a setting').toUpperCase();
  if (!knownSettings.has(name)) throw compileError(`unknown setting ${name}`, at);
  return name;
}

function parseSettingValue(cursor: Cursor): string {
  if (!cursor.isSymbol('(')) return cursor.next().text.toUpperCase();
  const values = cursor.parenthesized(() => cursor.list(() => parseSettingValue(cursor)));
  return `(${values.join(', ')})`;
}

function parseTtl(cursor: Cursor): TimeToLive {
  const { at } = cursor;
  cursor.expect('INTERVAL');
  const text = cursor.parenthesized(() => cursor.next().text);
  const afterMicros = intervalMicros(text);
  if (afterMicros === null) throw compileError(`TTL: '${text}' is no interval`, at);
  cursor.accept('DELETE');
  cursor.expect('ON');
  const column = cursor.name('a column');
  return { column, afterMicros, unitMicros: cursor.accept('AS') ? (units[cursor.name('a unit').toUpperCase()] ?? 1_000_000n) : null };
}

export function parseAlter(cursor: Cursor): Statement {
  const { at } = cursor;
  cursor.expect('ALTER', 'TABLE');
  const table = cursor.name('a table');
  return { kind: 'alter-table', at, table, actions: cursor.list(() => parseAction(cursor)) };
}

function parseAction(cursor: Cursor): AlterAction {
  if (cursor.accept('ADD')) {
    if (cursor.isKeyword('INDEX')) return { kind: 'add-index', index: parseIndex(cursor) };
    cursor.accept('COLUMN');
    return { kind: 'add-column', column: parseColumn(cursor) };
  }
  if (cursor.accept('DROP', 'INDEX')) return { kind: 'drop-index', name: cursor.name('an index') };
  if (cursor.accept('DROP')) {
    cursor.accept('COLUMN');
    return { kind: 'drop-column', name: cursor.name('a column') };
  }
  if (cursor.accept('RESET')) return { kind: 'reset', names: cursor.parenthesized(() => cursor.list(() => parseSettingName(cursor))) };
  if (cursor.accept('SET')) return { kind: 'set', ...cursor.parenthesized(() => parseSettings(cursor)) };
  cursor.expect('ALTER', 'INDEX');
  const name = cursor.name('an index');
  cursor.expect('SET');
  return { kind: 'set-index', name, settings: cursor.parenthesized(() => parseSettings(cursor)).settings };
}

export function parseDrop(cursor: Cursor): Statement {
  const { at } = cursor;
  cursor.expect('DROP', 'TABLE');
  const ifExists = cursor.accept('IF', 'EXISTS');
  return { kind: 'drop-table', at, ifExists, table: cursor.name('a table') };
}
