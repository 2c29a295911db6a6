// Sessions and their transactions. A session is one client's: a second query at once is refused, and its end aborts what is open.
import { badRequest, failure, IssueCode, Status } from './errors.ts';
import type { Store } from './storage/store.ts';
import { type Isolation, Transaction } from './storage/transactions.ts';

const maxSessions = 1_000;
const maxTransactions = 10;

export class Session {
  readonly id: string;
  readonly transactions = new Map<string, Transaction>();
  busy = false;
  /** Called with why, once, when the session ends. */
  onEnd: ((status: Status) => void) | null = null;

  constructor(id: string) {
    this.id = id;
  }

  end(status: Status): void {
    for (const transaction of this.transactions.values()) transaction.end();
    this.transactions.clear();
    this.onEnd?.(status);
    this.onEnd = null;
  }
}

export class Sessions {
  readonly #store: Store;
  readonly #kind: string;
  readonly #sessions = new Map<string, Session>();
  #created = 0;
  #begun = 0;
  /** Makes ids of one server's life differ from those of the next. */
  #life = 1;

  constructor(store: Store, kind: string) {
    this.#store = store;
    this.#kind = kind;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get openTransactions(): number {
    return [...this.#sessions.values()].reduce((sum, { transactions }) => sum + transactions.size, 0);
  }

  create(): Session {
    if (this.#sessions.size >= maxSessions) throw failure(Status.OVERLOADED, 'Active sessions limit exceeded', IssueCode.overloaded);
    this.#created += 1;
    const id = Buffer.from(`${this.#kind}-${this.#life}-${this.#created}`).toString('base64url');
    const session = new Session(`ydb://session/3?node_id=1&id=${id}`);
    this.#sessions.set(session.id, session);
    return session;
  }

  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw failure(Status.BAD_SESSION, `Session not found: ${id}`, IssueCode.schemeError);
    return session;
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  end(id: string, status: Status = Status.SUCCESS): void {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    session?.end(status);
  }

  endAll(status: Status): void {
    for (const id of this.#sessions.keys()) this.end(id, status);
    this.#life += 1;
  }

  /** One operation at a time. */
  async exclusively<Result>(id: string, use: (session: Session) => Promise<Result>): Promise<Result> {
    const session = this.get(id);
    if (session.busy) throw failure(Status.SESSION_BUSY, 'Pending previous query completion', IssueCode.badOperation);
    session.busy = true;
    try {
      return await use(session);
    } finally {
      session.busy = false;
    }
  }

  begin(session: Session, isolation: Isolation): string {
    if (session.transactions.size >= maxTransactions) {
      this.end(session.id, Status.BAD_SESSION);
      throw failure(Status.BAD_SESSION, 'Too many transactions', IssueCode.tooManyTransactions);
    }
    this.#begun += 1;
    const id = `01tx${this.#life}${String(this.#begun).padStart(20, '0')}`;
    session.transactions.set(id, new Transaction(this.#store, isolation));
    return id;
  }

  transaction(session: Session, id: string): Transaction {
    const found = session.transactions.get(id);
    if (found === undefined) throw failure(Status.NOT_FOUND, `Transaction not found: ${id}`, IssueCode.transactionNotFound);
    return found;
  }

  commit(session: Session, id: string): void {
    const transaction = this.transaction(session, id);
    session.transactions.delete(id);
    transaction.commit();
  }

  rollback(session: Session, id: string): void {
    const transaction = this.transaction(session, id);
    session.transactions.delete(id);
    transaction.end();
  }

  /** After an error the server keeps nothing of the transaction. */
  drop(session: Session, id: string): void {
    session.transactions.get(id)?.end();
    session.transactions.delete(id);
  }
}

interface Settings {
  readonly serializableReadWrite?: object | null;
  readonly snapshotReadOnly?: object | null;
  readonly staleReadOnly?: object | null;
  readonly onlineReadOnly?: object | null;
}

export function isolationOf(settings: Settings | null | undefined): Isolation {
  if (settings?.serializableReadWrite) return 'serializable';
  if (settings?.snapshotReadOnly) return 'snapshot-ro';
  if (settings?.staleReadOnly) return 'stale-ro';
  if (settings?.onlineReadOnly) return 'online-ro';
  throw badRequest('Empty tx_settings.');
}
