// The only code that talks through the client library. Every call here is ONE attempt: begun, drained, committed and rolled back by
// us, within a deadline after which it writes no more. What may follow a failure is for retry.ts and transactor.ts to say.
import type { QuerySession, Ydb } from 'ydb-sdk';
import type { EpochMs } from '../../../machines/matching-record.ts';
import { describeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Connection, Line } from './connection.ts';
import { failureOf, YdbFailure } from './failure.ts';
import { type Query, queryOf, type BoundPart } from './query.ts';
import { ydb } from './sdk.ts';
import { rowDecoder, type Row } from './values.ts';

/** What a query answered: the result sets of each part, and the moment of the database's clock that its parts shared. */
export interface Answer {
  readonly parts: readonly (readonly (readonly Row[])[])[];
  /** Microseconds since 1970. */
  readonly nowMicros: bigint;
}

export interface OpenTransaction {
  readonly run: (parts: readonly BoundPart[]) => Promise<Answer>;
}

/** `commit: false` rolls back: nothing was written, or nothing shall be. */
export interface Verdict<Result> {
  readonly commit: boolean;
  readonly result: Result;
}

export interface ClientOptions {
  readonly connection: Connection;
  readonly attemptTimeoutMs: number;
  readonly log: Log;
  /** Stands for the database's clock, where a test makes it stand still; null in every service. */
  readonly databaseNowMs: (() => EpochMs) | null;
}

/** `RowType.Ydb`, a const enum that does not exist at run time: rows as they came, for our own decoder. */
const rawRows = 1;
const sessionBroken = 'SESSION_BROKEN';

/** What the attempt may still do. */
interface Guard {
  over: boolean;
  committing: boolean;
}

type Use<Result> = (session: QuerySession, guard: Guard) => Promise<Result>;

class StaleSession extends Error {
  override readonly name = 'StaleSession';
}

export class YdbClient {
  readonly #options: ClientOptions;
  readonly #quiet = new WeakSet<QuerySession>();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** All parts from one snapshot, in one round trip. */
  read(parts: readonly BoundPart[]): Promise<Answer> {
    const txControl = { beginTx: { snapshotReadOnly: {} }, commitTx: true };
    return this.#attempt((session, guard) => execute(session, guard, this.#query(parts), txControl));
  }

  /** One serializable transaction. After a failure of kind `undetermined` it may have been committed; after any other it was not. */
  transaction<Result>(work: (transaction: OpenTransaction) => Promise<Verdict<Result>>): Promise<Result> {
    return this.#attempt(async (session, guard) => {
      const { commit, result } = await work({ run: (parts) => runWithin(session, guard, this.#query(parts)) });
      if (session.txId === undefined) return result;
      if (commit) await commitOf(session, guard);
      else if (!(await this.#rollBack(session))) session.emit(sessionBroken);
      return result;
    });
  }

  /** A statement outside of transactions: the schema is changed only so. */
  async scheme(text: string): Promise<void> {
    await this.#attempt(async (session, guard) => {
      assertGoing(guard);
      await drain(session, { text });
    });
  }

  #query(parts: readonly BoundPart[]): Query {
    return queryOf(parts, this.#options.databaseNowMs?.() ?? null);
  }

  async #attempt<Result>(use: Use<Result>): Promise<Result> {
    const deadlineMs = performance.now() + this.#options.attemptTimeoutMs;
    for (;;) {
      const line = await this.#options.connection.line();
      const limit = limitOf(line, deadlineMs);
      try {
        return await this.#onLine(line, limit.signal, use);
      } catch (error) {
        if (!(error instanceof StaleSession)) throw error;
      } finally {
        limit.end();
      }
    }
  }

  async #onLine<Result>(line: Line, signal: AbortSignal, use: Use<Result>): Promise<Result> {
    const guard: Guard = { over: false, committing: false };
    const { ctx, cancel } = ydb().Context.createNew({ cancel: true });
    const stop = (): void => {
      guard.over = true;
      const kind = guard.committing ? 'undetermined' : 'retry';
      cancel?.(new YdbFailure(kind, 'ydb: no answer in time', { transport: true, cause: signal.reason }));
    };
    let giveBack = (): void => {};
    try {
      giveBack = await line.permits.take(signal);
      signal.addEventListener('abort', stop, { once: true });
      return await line.driver.queryClient.do({ ctx, fn: (session) => this.#inSession(session, guard, use) });
    } catch (error) {
      throw this.#judge(error, guard, line);
    } finally {
      signal.removeEventListener('abort', stop);
      giveBack();
    }
  }

  #judge(error: unknown, guard: Guard, line: Line): unknown {
    const late = error instanceof Error && error.name === 'TimeoutError';
    const failure = late
      ? new YdbFailure('retry', 'ydb: all sessions were busy for too long', { cause: error })
      : failureOf(error, guard.committing);
    if (failure instanceof YdbFailure && failure.transport) this.#options.connection.suspect(line);
    return failure;
  }

  async #inSession<Result>(session: QuerySession, guard: Guard, use: Use<Result>): Promise<Result> {
    this.#quieten(session);
    assertGoing(guard);
    // The library hands out once more a session whose stream has ended; and one with an open transaction would commit another's writes.
    if (Reflect.get(session, 'closing') === true || session.txId !== undefined) {
      session.emit(sessionBroken);
      throw new StaleSession();
    }
    try {
      return await use(session, guard);
    } catch (error) {
      const failure = failureOf(error, guard.committing);
      const usable = await this.#rollBack(session);
      if (!usable || isDoubtful(failure)) session.emit(sessionBroken);
      throw failure;
    }
  }

  async #rollBack(session: QuerySession): Promise<boolean> {
    if (session.txId === undefined) return true;
    try {
      await session.rollbackTransaction();
      return true;
    } catch (error) {
      this.#options.log.debug({ error: describeError(error) }, 'a transaction was not rolled back; it ends with its session');
      return false;
    }
  }

  // The pool deletes sessions without awaiting it.
  #quieten(session: QuerySession): void {
    if (this.#quiet.has(session)) return;
    this.#quiet.add(session);
    const deleteSession = session.delete.bind(session);
    session.delete = () => deleteSession().catch((error: unknown) => {
      this.#options.log.debug({ error: describeError(error) }, 'a session was not deleted; the server will do it');
    });
  }
}

interface Limit {
  readonly signal: AbortSignal;
  /** Nothing of it is left to wait for or to collect. */
  readonly end: () => void;
}

/** Aborts at the deadline or with the line. `AbortSignal.any` of a timeout costs ten times as much, and the collector has to end it. */
function limitOf(line: Line, deadlineMs: number): Limit {
  const abort = new AbortController();
  const late = (): void => abort.abort(new DOMException('The attempt took too long', 'TimeoutError'));
  const lost = (): void => abort.abort(line.signal.reason);
  const timer = setTimeout(late, Math.max(0, deadlineMs - performance.now())).unref();
  line.signal.addEventListener('abort', lost, { once: true });
  if (line.signal.aborted) lost();
  const end = (): void => {
    clearTimeout(timer);
    line.signal.removeEventListener('abort', lost);
  };
  return { signal: abort.signal, end };
}

function isDoubtful(failure: unknown): boolean {
  if (!(failure instanceof YdbFailure)) return false;
  return failure.transport || failure.kind === 'undetermined' || (failure.kind === 'retry' && !failure.overloaded);
}

function assertGoing(guard: Guard): void {
  if (guard.over) throw new YdbFailure('retry', 'ydb: the attempt is over', { transport: true });
}

async function runWithin(session: QuerySession, guard: Guard, query: Query): Promise<Answer> {
  const begin = session.txId === undefined;
  const answer = await execute(session, guard, query, begin ? { beginTx: { serializableReadWrite: {} } } : undefined);
  // A cancelled stream looks like an empty success, save that no transaction was opened.
  if (session.txId === undefined) throw new YdbFailure('retry', 'ydb: no transaction was opened', { transport: true });
  return answer;
}

async function commitOf(session: QuerySession, guard: Guard): Promise<void> {
  assertGoing(guard);
  guard.committing = true;
  await session.commitTransaction();
}

type TxControl = Ydb.Query.ITransactionControl;

async function execute(session: QuerySession, guard: Guard, query: Query, txControl?: TxControl): Promise<Answer> {
  assertGoing(guard);
  const request = { text: query.text, parameters: query.parameters, rowMode: rawRows };
  const sets = await drain(session, txControl === undefined ? request : { ...request, txControl });
  let next = 0;
  const take = (): readonly Row[] => sets.get(next++) ?? [];
  const parts = query.sets.map((count) => Array.from({ length: count }, take));
  const now = take()[0]?.['now'];
  if (typeof now !== 'bigint') throw new YdbFailure('retry', 'ydb: an answer was cut short', { transport: true });
  return { parts, nowMicros: now };
}

type Execute = Parameters<QuerySession['execute']>[0];

/** The statement has succeeded only when the whole stream was read and its operation has ended. */
async function drain(session: QuerySession, request: Execute): Promise<Map<number, Row[]>> {
  const { resultSets, opFinished } = await session.execute(request);
  const ended = opFinished.then(() => null, (error: unknown) => ({ error }));
  const sets = new Map<number, Row[]>();
  try {
    for await (const set of resultSets) {
      const decode = rowDecoder(set.columns as Ydb.IColumn[]);
      const rows: Row[] = [];
      for await (const row of set.rows as AsyncIterable<Ydb.IValue>) rows.push(decode(row));
      sets.set(set.index, rows);
    }
  } finally {
    await ended;
  }
  const failure = await ended;
  if (failure !== null) throw failure.error;
  return sets;
}
