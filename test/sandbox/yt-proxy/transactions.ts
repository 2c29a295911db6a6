// The life of transactions: started, kept alive by pings, committed into their parent, aborted or expired with their children.
import { commandError } from './errors.ts';
import { newId, type Cypress, type Transaction } from './cypress.ts';
import { grantWaiting } from './locks.ts';

export interface TransactionRequest {
  readonly parent: Transaction | null;
  /** Never expires when null: the proxy's own. */
  readonly timeoutMs: number | null;
  readonly title: string | null;
}

export class Transactions {
  readonly #cypress: Cypress;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #ended: () => void;

  /** `ended` is told after each end of a transaction, when versions it held are no longer needed. */
  constructor(cypress: Cypress, ended: () => void) {
    this.#cypress = cypress;
    this.#ended = ended;
  }

  start(request: TransactionRequest): Transaction {
    const transaction: Transaction = {
      id: newId(),
      parent: request.parent,
      title: request.title,
      timeoutMs: request.timeoutMs ?? 0,
      created: new Map(),
      changes: new Map(),
      frozen: new Map(),
      locks: [],
      chunks: new Set(),
    };
    this.#cypress.transactions.set(transaction.id, transaction);
    if (request.timeoutMs !== null) this.#arm(transaction);
    return transaction;
  }

  ping(transaction: Transaction): void {
    if (this.#timers.has(transaction.id)) this.#arm(transaction);
  }

  commit(transaction: Transaction): void {
    if (this.#children(transaction).length > 0) {
      throw commandError(1, `Cannot commit transaction ${transaction.id} since it has nested transactions`);
    }
    this.#cypress.merge(transaction);
    // Locks of a nested transaction stay in force until the outermost one ends.
    transaction.parent?.locks.push(...transaction.locks.filter((lock) => lock.mode !== 'snapshot'));
    this.#forget(transaction);
  }

  abort(transaction: Transaction): void {
    for (const child of this.#children(transaction)) this.abort(child);
    this.#forget(transaction);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #children(transaction: Transaction): Transaction[] {
    return [...this.#cypress.transactions.values()].filter((other) => other.parent === transaction);
  }

  #arm(transaction: Transaction): void {
    clearTimeout(this.#timers.get(transaction.id));
    const timer = setTimeout(() => this.abort(transaction), transaction.timeoutMs);
    this.#timers.set(transaction.id, timer.unref());
  }

  #forget(transaction: Transaction): void {
    clearTimeout(this.#timers.get(transaction.id));
    this.#timers.delete(transaction.id);
    this.#cypress.transactions.delete(transaction.id);
    grantWaiting(this.#cypress);
    this.#ended();
  }
}
