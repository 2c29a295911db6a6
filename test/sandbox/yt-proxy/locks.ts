// Locks: which of them stand in each other's way, and taking one.
import { commandError } from './errors.ts';
import { newId, type Cypress, type Transaction } from './cypress.ts';
import type { Node } from './node.ts';

export type LockMode = 'snapshot' | 'shared' | 'exclusive';

export interface Lock {
  readonly id: string;
  readonly nodeId: string;
  readonly mode: LockMode;
  /** What of the node a shared lock is about (`child:x`, `attribute:y`); null for an append, which others may do as well. */
  readonly key: string | null;
}

export interface LockRequest {
  readonly mode: LockMode;
  readonly key?: string | null;
}

/** Throws 402 when another transaction is in the way. Without a transaction the lock is only checked: it ends with the command. */
export function acquireLock(cypress: Cypress, node: Node, request: LockRequest, transaction: Transaction | null): Lock {
  const lock: Lock = { id: newId(), nodeId: node.id, mode: request.mode, key: request.key ?? null };
  if (transaction !== null && transaction.frozen.has(node.id) && lock.mode !== 'snapshot') {
    throw commandError(400, `Cannot take "${lock.mode}" lock for node since the same transaction holds a "snapshot" lock`);
  }
  for (const other of cypress.transactions.values()) checkAgainst(other, lock, transaction);
  if (transaction === null) return lock;
  if (lock.mode === 'snapshot' && !transaction.frozen.has(node.id)) transaction.frozen.set(node.id, node);
  const held = transaction.locks.some(({ nodeId, mode, key }) => nodeId === lock.nodeId && mode === lock.mode && key === lock.key);
  if (!held) transaction.locks.push(lock);
  return lock;
}

export function locksOn(cypress: Cypress, nodeId: string): readonly { lock: Lock; transactionId: string }[] {
  return [...cypress.transactions.values()].flatMap((transaction) =>
    transaction.locks.filter((lock) => lock.nodeId === nodeId).map((lock) => ({ lock, transactionId: transaction.id })),
  );
}

function checkAgainst(other: Transaction, wanted: Lock, transaction: Transaction | null): void {
  if (isSelfOrAncestor(other, transaction)) return;
  const blocking = other.locks.find((held) => held.nodeId === wanted.nodeId && conflict(held, wanted));
  if (blocking === undefined) return;
  const code = transaction !== null && isSelfOrAncestor(transaction, other) ? 401 : 402;
  const relation = code === 401 ? 'descendant' : 'concurrent';
  const message = `Cannot take "${wanted.mode}" lock for node since "${blocking.mode}" lock is taken by ${relation} transaction ${other.id}`;
  throw commandError(code, message, { winner_transaction: { id: other.id, title: other.title } });
}

function isSelfOrAncestor(candidate: Transaction, of: Transaction | null): boolean {
  for (let current = of; current !== null; current = current.parent) if (current === candidate) return true;
  return false;
}

function conflict(held: Lock, wanted: Lock): boolean {
  if (held.mode === 'snapshot' || wanted.mode === 'snapshot') return false;
  if (held.mode === 'exclusive' || wanted.mode === 'exclusive') return true;
  return held.key !== null && held.key === wanted.key;
}
