// Commands of locks: lock and unlock.
import { z } from 'zod';
import { flag, parameters, pathOf, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import type { Transaction } from '../cypress.ts';
import { noSuchTransaction } from '../errors.ts';
import { acquireLock, awaitLock, releaseLocks, type LockRequest } from '../locks.ts';

export const lock: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runLock };
export const unlock: Command = { input: 'null', output: 'structured', volatile: true, heavy: false, run: runUnlock };

const locking = z.object({
  mode: z.enum(['snapshot', 'shared', 'exclusive']).default('exclusive'),
  child_key: z.string().nullish(),
  attribute_key: z.string().nullish(),
  waitable: flag,
});

function runLock(call: CommandCall): CommandResult {
  const { mode, waitable, child_key: child, attribute_key: attribute } = parameters(locking, call);
  const { cypress } = call.cluster;
  const transaction = namedTransaction(call);
  const { node } = cypress.resolve(pathOf(call), transaction);
  const key = typeof child === 'string' ? `child:${child}` : typeof attribute === 'string' ? `attribute:${attribute}` : null;
  const request: LockRequest = { mode, key, explicit: true };
  const taken = waitable ? awaitLock(cypress, node, request, transaction) : acquireLock(cypress, node, request, transaction);
  return valueResult({ lock_id: taken.id, node_id: node.id, revision: node.revision });
}

function runUnlock(call: CommandCall): CommandResult {
  const transaction = namedTransaction(call);
  releaseLocks(call.cluster.cypress, call.cluster.cypress.resolve(pathOf(call), transaction).node, transaction);
  return valueResult({});
}

function namedTransaction(call: CommandCall): Transaction {
  const transaction = transactionOf(call);
  if (transaction === null) throw noSuchTransaction('0-0-0-0');
  return transaction;
}
