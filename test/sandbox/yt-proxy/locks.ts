// Locks: which of them stand in each other's way, taking one, waiting for one, letting one go.
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
  /** Asked for by name, and not taken along by a change. */
  readonly explicit: boolean;
}

export interface LockRequest {
  readonly mode: LockMode;
  readonly key?: string | null;
  readonly explicit?: boolean;
}

/** A lock in the queue of those that wait, or one that is held. */
export interface LockState {
  readonly lock: Lock;
  readonly transaction: Transaction;
  readonly state: 'acquired' | 'pending';
}

/** Throws 402 when another transaction is in the way. Without a transaction the lock is only checked: it ends with the command. */
export function acquireLock(cypress: Cypress, node: Node, request: LockRequest, transaction: Transaction | null): Lock {
  const lock = newLock(node, request);
  checkOwnSnapshot(lock, transaction);
  const blocking = blockerOf(cypress, lock, transaction);
  if (blocking !== null) throw conflictError(lock, blocking, transaction);
  if (transaction !== null) hold(cypress, node, lock, transaction);
  return lock;
}

/** Takes the lock, or joins the queue for it. */
export function awaitLock(cypress: Cypress, node: Node, request: LockRequest, transaction: Transaction): Lock {
  const lock = newLock(node, request);
  checkOwnSnapshot(lock, transaction);
  if (blockerOf(cypress, lock, transaction) === null) hold(cypress, node, lock, transaction);
  else cypress.waiting.push({ lock, transaction, state: 'pending' });
  return lock;
}

/** To be called whenever a lock has gone: those who wait get theirs in the order in which they came. */
export function grantWaiting(cypress: Cypress): void {
  for (const waiting of cypress.waiting.slice()) {
    const node = cypress.view(waiting.lock.nodeId, waiting.transaction);
    const alive = cypress.transactions.has(waiting.transaction.id) && node !== undefined;
    if (alive && blockerOf(cypress, waiting.lock, waiting.transaction) !== null) continue;
    cypress.waiting.splice(cypress.waiting.indexOf(waiting), 1);
    if (alive) hold(cypress, node, waiting.lock, waiting.transaction);
  }
}

/** Lets the locks go that the transaction asked for; what it changed stays locked. */
export function releaseLocks(cypress: Cypress, node: Node, transaction: Transaction): void {
  if (transaction.changes.has(node.id)) throw commandError(1, `Node ${node.id} is modified by transaction ${transaction.id} and cannot be unlocked`);
  const kept = transaction.locks.filter((lock) => lock.nodeId !== node.id || !lock.explicit);
  transaction.locks.splice(0, transaction.locks.length, ...kept);
  transaction.frozen.delete(node.id);
  const waiting = cypress.waiting.filter(({ lock, transaction: of }) => of !== transaction || lock.nodeId !== node.id);
  cypress.waiting.splice(0, cypress.waiting.length, ...waiting);
  grantWaiting(cypress);
}

export function allLocks(cypress: Cypress): LockState[] {
  const held = [...cypress.transactions.values()].flatMap((transaction) =>
    transaction.locks.map((lock): LockState => ({ lock, transaction, state: 'acquired' })),
  );
  return [...held, ...cypress.waiting];
}

export function locksOn(cypress: Cypress, nodeId: string): LockState[] {
  return allLocks(cypress).filter(({ lock }) => lock.nodeId === nodeId);
}

function newLock(node: Node, { mode, key, explicit }: LockRequest): Lock {
  return { id: newId(), nodeId: node.id, mode, key: key ?? null, explicit: explicit === true };
}

function hold(cypress: Cypress, node: Node, lock: Lock, transaction: Transaction): void {
  if (lock.mode === 'snapshot' && !transaction.frozen.has(node.id)) transaction.frozen.set(node.id, cypress.freeze(node));
  const held = transaction.locks.some(({ nodeId, mode, key }) => nodeId === lock.nodeId && mode === lock.mode && key === lock.key);
  if (!held || lock.explicit) transaction.locks.push(lock);
}

function checkOwnSnapshot(lock: Lock, transaction: Transaction | null): void {
  if (lock.mode === 'snapshot') return;
  for (let current = transaction; current !== null; current = current.parent) {
    if (!current.frozen.has(lock.nodeId)) continue;
    throw commandError(400, `Cannot take "${lock.mode}" lock for node since the same transaction or its parent holds a "snapshot" lock`);
  }
}

interface Blocker {
  readonly other: Transaction;
  readonly held: Lock;
}

function blockerOf(cypress: Cypress, wanted: Lock, transaction: Transaction | null): Blocker | null {
  for (const other of cypress.transactions.values()) {
    if (isSelfOrAncestor(other, transaction)) continue;
    const held = other.locks.find((lock) => lock.nodeId === wanted.nodeId && conflict(lock, wanted));
    if (held !== undefined) return { other, held };
  }
  return null;
}

function conflictError(wanted: Lock, { other, held }: Blocker, transaction: Transaction | null): Error {
  const code = transaction !== null && isSelfOrAncestor(transaction, other) ? 401 : 402;
  const relation = code === 401 ? 'descendant' : 'concurrent';
  const message = `Cannot take "${wanted.mode}" lock for node since "${held.mode}" lock is taken by ${relation} transaction ${other.id}`;
  return commandError(code, message, { winner_transaction: { id: other.id, title: other.title } });
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
