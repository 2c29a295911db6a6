// The table service, as far as clients need it: sessions, data queries, bulk upsert, descriptions. Its results are cut at 1000 rows.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import proto from 'ydb-sdk-proto';
import { encodeResult, type Engine } from '../engine.ts';
import { badRequest } from '../errors.ts';
import type { ResultSet } from '../evaluate/program.ts';
import { isolationOf, type Session, type Sessions } from '../sessions.ts';
import type { Table } from '../storage/table.ts';
import { encodeType, typeText, decodeType } from '../types.ts';
import { type CallContext, unary } from './calls.ts';
import { type Definition, done, failed, method, succeeded } from './rpc.ts';

const Types = proto.Ydb.Table;
const maxRows = 1_000;
const path = (name: string): string => `/Ydb.Table.V1.TableService/${name}`;

export const tableDefinition: Definition = {
  CreateSession: method(path('CreateSession'), Types.CreateSessionRequest, { message: Types.CreateSessionResponse }),
  DeleteSession: method(path('DeleteSession'), Types.DeleteSessionRequest, { message: Types.DeleteSessionResponse }),
  KeepAlive: method(path('KeepAlive'), Types.KeepAliveRequest, { message: Types.KeepAliveResponse }),
  ExecuteDataQuery: method(path('ExecuteDataQuery'), Types.ExecuteDataQueryRequest, { message: Types.ExecuteDataQueryResponse }),
  PrepareDataQuery: method(path('PrepareDataQuery'), Types.PrepareDataQueryRequest, { message: Types.PrepareDataQueryResponse }),
  ExecuteSchemeQuery: method(path('ExecuteSchemeQuery'), Types.ExecuteSchemeQueryRequest, { message: Types.ExecuteSchemeQueryResponse }),
  BeginTransaction: method(path('BeginTransaction'), Types.BeginTransactionRequest, { message: Types.BeginTransactionResponse }),
  CommitTransaction: method(path('CommitTransaction'), Types.CommitTransactionRequest, { message: Types.CommitTransactionResponse }),
  RollbackTransaction: method(
    path('RollbackTransaction'),
    Types.RollbackTransactionRequest,
    { message: Types.RollbackTransactionResponse },
  ),
  BulkUpsert: method(path('BulkUpsert'), Types.BulkUpsertRequest, { message: Types.BulkUpsertResponse }),
  DescribeTable: method(path('DescribeTable'), Types.DescribeTableRequest, { message: Types.DescribeTableResponse }),
};

export interface TableDeps {
  readonly context: CallContext;
  readonly sessions: Sessions;
  readonly engine: Engine;
}

interface InSession {
  readonly sessionId?: string | null;
  readonly txId?: string | null;
}

type Reply = { operation: proto.Ydb.Operations.IOperation };

export function tableService({ context, sessions, engine }: TableDeps): UntypedServiceImplementation {
  const call = (name: string, handle: (request: never) => Reply | Promise<Reply>): unknown => unary(
    context,
    `Table.${name}`,
    { handle, failed },
  );
  const inSession = (name: string, use: (session: Session, request: never) => Reply): unknown =>
    call(name, (request: InSession) => sessions.exclusively(request.sessionId ?? '', async (session) => use(session, request as never)));
  const texts = new Map<string, string>();
  return {
    CreateSession: call(
      'CreateSession',
      () => succeeded('Ydb.Table.CreateSessionResult', Types.CreateSessionResult, { sessionId: sessions.create().id }),
    ),
    DeleteSession: call('DeleteSession', ({ sessionId }: InSession) => {
      sessions.end(sessionId ?? '');
      return done();
    }),
    KeepAlive: call('KeepAlive', ({ sessionId }: InSession) => {
      const { busy } = sessions.get(sessionId ?? '');
      return succeeded('Ydb.Table.KeepAliveResult', Types.KeepAliveResult, { sessionStatus: busy ? 2 : 1 });
    }),
    PrepareDataQuery: inSession(
      'PrepareDataQuery',
      (_, request: proto.Ydb.Table.IPrepareDataQueryRequest) => prepare(engine, texts, request.yqlText ?? ''),
    ),
    ExecuteDataQuery: inSession('ExecuteDataQuery', (session, request: proto.Ydb.Table.IExecuteDataQueryRequest) =>
      executeData({ sessions, engine }, session, { request, text: request.query?.yqlText || texts.get(request.query?.id ?? '') || '' })),
    ExecuteSchemeQuery: inSession('ExecuteSchemeQuery', (_, request: proto.Ydb.Table.IExecuteSchemeQueryRequest) => {
      engine.run({ text: request.yqlText ?? '', parameters: null }, null);
      return done();
    }),
    BeginTransaction: inSession('BeginTransaction', (session, request: proto.Ydb.Table.IBeginTransactionRequest) =>
      succeeded(
        'Ydb.Table.BeginTransactionResult',
        Types.BeginTransactionResult,
        { txMeta: { id: sessions.begin(session, isolationOf(request.txSettings)) } },
      )),
    CommitTransaction: inSession('CommitTransaction', (session, { txId }: InSession) => {
      sessions.commit(session, txId ?? '');
      return succeeded('Ydb.Table.CommitTransactionResult', Types.CommitTransactionResult, {});
    }),
    RollbackTransaction: inSession('RollbackTransaction', (session, { txId }: InSession) => {
      sessions.rollback(session, txId ?? '');
      return done();
    }),
    BulkUpsert: call('BulkUpsert', (request: proto.Ydb.Table.IBulkUpsertRequest) => bulkUpsert(engine, request)),
    DescribeTable: call('DescribeTable', (request: proto.Ydb.Table.IDescribeTableRequest) =>
      succeeded('Ydb.Table.DescribeTableResult', Types.DescribeTableResult, describeTable(engine.store.table(request.path ?? '')))),
  } as UntypedServiceImplementation;
}

function prepare(engine: Engine, texts: Map<string, string>, text: string): Reply {
  const statements = engine.parse(text);
  const id = `q${texts.size + 1}`;
  texts.set(id, text);
  const declared = statements.flatMap(
    (statement) => (statement.kind === 'declare' ? [[`$${statement.name}`, encodeType(statement.type)] as const] : []),
  );
  return succeeded(
    'Ydb.Table.PrepareQueryResult',
    Types.PrepareQueryResult,
    { queryId: id, parametersTypes: Object.fromEntries(declared) },
  );
}

interface DataCall {
  readonly request: proto.Ydb.Table.IExecuteDataQueryRequest;
  readonly text: string;
}

function executeData({ sessions, engine }: Pick<TableDeps, 'sessions' | 'engine'>, session: Session, { request, text }: DataCall): Reply {
  const control = request.txControl;
  if (!control || (!control.txId && !control.beginTx)) throw badRequest('Empty tx_control.');
  const id = control.txId || sessions.begin(session, isolationOf(control.beginTx));
  try {
    const results = engine.run({ text, parameters: request.parameters }, sessions.transaction(session, id));
    if (control.commitTx) sessions.commit(session, id);
    const txMeta = { id: control.commitTx ? '' : id };
    return succeeded('Ydb.Table.ExecuteQueryResult', Types.ExecuteQueryResult, { resultSets: results.map(truncated), txMeta });
  } catch (error) {
    sessions.drop(session, id);
    throw error;
  }
}

// Success, and rows are missing: the legacy service's own way.
function truncated({ columns, rows }: ResultSet): proto.Ydb.IResultSet {
  return { ...encodeResult({ columns, rows: rows.slice(0, maxRows) }), truncated: rows.length > maxRows };
}

function bulkUpsert(engine: Engine, { table: name, rows }: proto.Ydb.Table.IBulkUpsertRequest): Reply {
  const table = engine.store.table(name ?? '');
  if (table.indexes.some(({ mode }) => mode === 'sync')) throw badRequest('Only async-indexed tables are supported by BulkUpsert');
  const type = decodeType(rows?.type, 'rows');
  if (type.kind !== 'list' || type.item.kind !== 'struct') throw badRequest(`rows: expected List<Struct<...>>, got ${typeText(type)}`);
  const names = type.item.members.map((member) => `\`${member.name}\``).join(', ');
  const text = `DECLARE $rows AS ${typeText(type)}; UPSERT INTO \`${table.name}\` (${names}) SELECT ${names} FROM AS_TABLE($rows);`;
  engine.run({ text, parameters: { $rows: rows ?? {} } }, null);
  return succeeded('Ydb.Table.BulkUpsertResult', Types.BulkUpsertResult, {});
}

const ready = 1;

export function describeTable(table: Table): proto.Ydb.Table.IDescribeTableResult {
  const names = (places: readonly number[]): string[] => places.map((place) => table.columns[place]?.name ?? '');
  return {
    self: { name: table.name, type: proto.Ydb.Scheme.Entry.Type.TABLE },
    columns: table.columns.map(({ name, type, notNull }) => ({ name, type: encodeType(type), notNull })),
    primaryKey: names(table.key),
    indexes: table.indexes.map(({ name, key, ownKeyLength, cover, mode, unique }) => ({
      name, indexColumns: names(key.slice(0, ownKeyLength)), dataColumns: names(cover), status: ready,
      ...(mode === 'async' ? { globalAsyncIndex: {} } : unique ? { globalUniqueIndex: {} } : { globalIndex: {} }),
    })),
    ...(
      table.ttl && {
        ttlSettings: { dateTypeColumn: { columnName: table.ttl.column, expireAfterSeconds: Number(table.ttl.afterMicros / 1_000_000n) } },
      }
    ),
  };
}

