// Commands of transactions: start, ping, commit, abort.
import { z } from 'zod';
import { flag, parameters, transactionOf, valueResult, type Command, type CommandCall, type CommandResult } from '../command.ts';
import type { Transaction } from '../cypress.ts';
import { noSuchTransaction } from '../errors.ts';

const traits = { input: 'null', output: 'structured', volatile: true, heavy: false } as const;

export const startTransaction: Command = { ...traits, run: runStart };
export const pingTransaction: Command = { ...traits, run: runPing };
export const commitTransaction: Command = { ...traits, run: runCommit };
export const abortTransaction: Command = { ...traits, run: runAbort };

const defaultTimeoutMs = 15_000;

const starting = z.object({
  timeout: z.number().positive().nullish(),
  attributes: z.looseObject({ title: z.string().optional() }).nullish(),
  type: z.enum(['master', 'tablet']).default('master'),
});
const pinging = z.object({ ping_ancestor_transactions: flag });

function runStart(call: CommandCall): CommandResult {
  const options = parameters(starting, call);
  const request = { parent: transactionOf(call), timeoutMs: options.timeout ?? defaultTimeoutMs, title: options.attributes?.title ?? null };
  return valueResult({ transaction_id: call.cluster.transactions.start(request).id });
}

function runPing(call: CommandCall): CommandResult {
  const { ping_ancestor_transactions: ancestors } = parameters(pinging, call);
  for (let current: Transaction | null = named(call); current !== null; current = ancestors ? current.parent : null) {
    call.cluster.transactions.ping(current);
  }
  return valueResult({});
}

function runCommit(call: CommandCall): CommandResult {
  call.cluster.transactions.commit(named(call));
  return valueResult({ primary_commit_timestamp: 0, commit_timestamps: {} });
}

/** A transaction that is gone already is as aborted as can be. */
function runAbort(call: CommandCall): CommandResult {
  const { transaction_id: id } = parameters(z.object({ transaction_id: z.string() }), call);
  const transaction = call.cluster.cypress.transactions.get(id);
  if (transaction !== undefined) call.cluster.transactions.abort(transaction);
  return valueResult({});
}

function named(call: CommandCall): Transaction {
  const transaction = transactionOf(call);
  if (transaction === null) throw noSuchTransaction('0-0-0-0');
  return transaction;
}
