// The query service: sessions with their attach streams, queries as streams of parts, transactions.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import proto from 'ydb-sdk-proto';
import { encodeResult, type Engine } from '../engine.ts';
import { badRequest, failure, Status, YdbFailure } from '../errors.ts';
import type { ResultSet } from '../evaluate/program.ts';
import { isolationOf, type Session, type Sessions } from '../sessions.ts';
import { type CallContext, playFault, streaming, type StreamCall, unary } from './calls.ts';
import { type Definition, failureFields, method } from './rpc.ts';

const { Query } = proto.Ydb;
type Part = proto.Ydb.Query.IExecuteQueryResponsePart;
type Execute = proto.Ydb.Query.IExecuteQueryRequest;

const path = (name: string): string => `/Ydb.Query.V1.QueryService/${name}`;

export const queryDefinition: Definition = {
  CreateSession: method(path('CreateSession'), Query.CreateSessionRequest, { message: Query.CreateSessionResponse }),
  DeleteSession: method(path('DeleteSession'), Query.DeleteSessionRequest, { message: Query.DeleteSessionResponse }),
  AttachSession: method(path('AttachSession'), Query.AttachSessionRequest, { message: Query.SessionState, stream: true }),
  BeginTransaction: method(path('BeginTransaction'), Query.BeginTransactionRequest, { message: Query.BeginTransactionResponse }),
  CommitTransaction: method(path('CommitTransaction'), Query.CommitTransactionRequest, { message: Query.CommitTransactionResponse }),
  RollbackTransaction: method(
    path('RollbackTransaction'),
    Query.RollbackTransactionRequest,
    { message: Query.RollbackTransactionResponse },
  ),
  ExecuteQuery: method(path('ExecuteQuery'), Query.ExecuteQueryRequest, { message: Query.ExecuteQueryResponsePart, stream: true }),
};

export interface QueryDeps {
  readonly context: CallContext;
  readonly sessions: Sessions;
  readonly engine: Engine;
  /** A larger result comes in several parts of the same index. */
  readonly rowsPerPart: number;
}

const infoSeverity = 3;

interface InSession {
  readonly sessionId?: string | null;
  readonly txId?: string | null;
}

const success = { status: Status.SUCCESS };
/** Every direct reply has these fields, whatever else it has. */
const failed = failureFields as (error: unknown) => never;

export function queryService(deps: QueryDeps): UntypedServiceImplementation {
  const { context, sessions } = deps;
  const inSession = (name: string, use: (session: Session, request: InSession) => object): unknown =>
    unary(context, `Query.${name}`, {
      handle: (request: InSession) => sessions.exclusively(request.sessionId ?? '', async (session) => use(session, request)),
      failed,
    });
  return {
    CreateSession: unary(
      context,
      'Query.CreateSession',
      { handle: () => ({ ...success, sessionId: sessions.create().id, nodeId: 1 }), failed },
    ),
    DeleteSession: unary(context, 'Query.DeleteSession', {
      handle: (request: InSession) => {
        sessions.end(request.sessionId ?? '');
        return success;
      },
      failed,
    }),
    AttachSession: streaming(
      context,
      'Query.AttachSession',
      { handle: (call: StreamCall<InSession, proto.Ydb.Query.ISessionState>) => attach(sessions, call), failed },
    ),
    BeginTransaction: inSession('BeginTransaction', (session, request) => begin(sessions, session, request)),
    CommitTransaction: inSession('CommitTransaction', (session, { txId }) => {
      sessions.commit(session, txId ?? '');
      return success;
    }),
    RollbackTransaction: inSession('RollbackTransaction', (session, { txId }) => {
      sessions.rollback(session, txId ?? '');
      return success;
    }),
    ExecuteQuery: streaming(context, 'Query.ExecuteQuery', { handle: (call: StreamCall<Execute, Part>) => execute(deps, call), failed }),
  } as UntypedServiceImplementation;
}

/** The stream lives as long as the session; whichever ends first ends the other. */
async function attach(sessions: Sessions, { request, signal, write }: StreamCall<InSession, proto.Ydb.Query.ISessionState>): Promise<void> {
  const session = sessions.find(request.sessionId ?? '');
  if (session === undefined) throw failure(Status.BAD_SESSION, `Session not found: ${request.sessionId ?? ''}`);
  write(success);
  const { promise, resolve } = Promise.withResolvers<Status>();
  session.onEnd = resolve;
  signal.addEventListener('abort', () => sessions.end(session.id));
  const status = await promise;
  sessions.end(session.id);
  if (status !== Status.SUCCESS) throw failure(status, 'The session is closed');
}

function begin(
  sessions: Sessions,
  session: Session,
  request: proto.Ydb.Query.IBeginTransactionRequest,
): proto.Ydb.Query.IBeginTransactionResponse {
  const isolation = isolationOf(request.txSettings);
  if (isolation === 'stale-ro' || isolation === 'online-ro') throw badRequest('Open transactions not supported for transaction mode');
  return { ...success, txMeta: { id: sessions.begin(session, isolation) } };
}

async function execute(deps: QueryDeps, call: StreamCall<Execute, Part>): Promise<void> {
  const { request } = call;
  const mode = request.execMode ?? 0;
  if (mode !== Query.ExecMode.EXEC_MODE_EXECUTE) throw badRequest('Unexpected query mode');
  await deps.sessions.exclusively(request.sessionId ?? '', async (session) => {
    const control = request.txControl;
    if (!control) {
      await sendResults(deps, call, deps.engine.run(queryOf(request), null));
      return;
    }
    if (!control.txId && !control.beginTx) throw badRequest('Invalid tx_control settings');
    await executeInTransaction(deps, call, { session, id: control.txId || deps.sessions.begin(session, isolationOf(control.beginTx)) });
  });
}

function queryOf({ queryContent, parameters }: Execute): { text: string; parameters: Execute['parameters'] } {
  return { text: queryContent?.text ?? '', parameters };
}

/** Rows are on their way before the commit is known: a client that trusts the first part learns of the failure too late. */
async function executeInTransaction(
  deps: QueryDeps,
  call: StreamCall<Execute,
  Part>,
  { session, id }: { session: Session; id: string },
): Promise<void> {
  const { sessions, engine } = deps;
  const transaction = sessions.transaction(session, id);
  const commit = call.request.txControl?.commitTx === true;
  try {
    const results = engine.run(queryOf(call.request), transaction);
    let refused: unknown = null;
    if (commit) refused = commitNow(sessions, session, id);
    await sendResults(deps, call, results);
    if (refused !== null) throw refused as Error;
    if (!commit) call.write({ ...success, txMeta: { id } });
  } catch (error) {
    if (error instanceof YdbFailure && session.transactions.get(id) === transaction) sessions.drop(session, id);
    throw error;
  }
}

function commitNow(sessions: Sessions, session: Session, id: string): unknown {
  try {
    sessions.commit(session, id);
    return null;
  } catch (error) {
    return error;
  }
}

async function sendResults(deps: QueryDeps, call: StreamCall<Execute, Part>, results: readonly ResultSet[]): Promise<void> {
  const { context, rowsPerPart } = deps;
  for (const [index, result] of results.entries()) {
    for (const part of partsOf(result, rowsPerPart)) {
      call.write({ ...success, resultSetIndex: index, resultSet: encodeResult(part) });
      const fault = await playFault(context, call.info, { at: 'between', hint: call.hint });
      if (fault?.kind === 'large-part') call.write({ ...success, issues: [{ message: ' '.repeat(fault.bytes), severity: infoSeverity }] });
    }
  }
}

/** At least one, so that the columns of an empty result are known. */
function partsOf({ columns, rows }: ResultSet, size: number): ResultSet[] {
  const count = Math.max(1, Math.ceil(rows.length / size));
  return Array.from({ length: count }, (_, place) => ({ columns, rows: rows.slice(place * size, (place + 1) * size) }));
}
