// Objects that hang nowhere in the tree and are addressed by id alone: transactions and locks.
import type { Cypress, Transaction } from './cypress.ts';
import { allLocks, type LockState } from './locks.ts';

/** The attributes of the transaction or lock with this id; null when there is neither. */
export function objectAttributes(cypress: Cypress, id: string | null): Readonly<Record<string, unknown>> | null {
  const transaction = cypress.transactions.get(id ?? '');
  if (transaction !== undefined) return transactionAttributes(cypress, transaction);
  const found = allLocks(cypress).find(({ lock }) => lock.id === id);
  return found === undefined ? null : lockAttributes(found);
}

export function lockAttributes({ lock, transaction, state }: LockState): Record<string, unknown> {
  const { id, mode, nodeId } = lock;
  return { id, type: 'lock', mode, state, node_id: nodeId, transaction_id: transaction.id, ...keyAttributes(lock.key) };
}

function keyAttributes(key: string | null): Record<string, string> {
  if (key === null) return {};
  const [kind = '', ...name] = key.split(':');
  return { [`${kind}_key`]: name.join(':') };
}

function transactionAttributes(cypress: Cypress, transaction: Transaction): Record<string, unknown> {
  const nested = [...cypress.transactions.values()].filter((other) => other.parent === transaction);
  return {
    id: transaction.id,
    type: transaction.parent === null ? 'transaction' : 'nested_transaction',
    state: 'active',
    parent_id: transaction.parent?.id ?? '0-0-0-0',
    timeout: transaction.timeoutMs,
    lock_ids: transaction.locks.map((lock) => lock.id),
    nested_transaction_ids: nested.map((other) => other.id),
    ...(transaction.title === null ? {} : { title: transaction.title }),
  };
}
