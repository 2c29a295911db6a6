// What must still hold when a command is carried out: transactions that are alive, nodes that did not change.
import { z } from 'zod';
import { parameters, type CommandCall } from './command.ts';
import { commandError } from './errors.ts';
import { parsePath } from './paths.ts';

const prerequisites = z.object({
  prerequisite_transaction_ids: z.array(z.string()).nullish(),
  prerequisite_revisions: z.array(z.object({ path: z.unknown(), transaction_id: z.string().optional(), revision: z.unknown() })).nullish(),
});

/** Throws 1000 when something does not hold. */
export function checkPrerequisites(call: CommandCall): void {
  const { cypress } = call.cluster;
  const { prerequisite_transaction_ids: transactions, prerequisite_revisions: revisions } = parameters(prerequisites, call);
  const ended = (transactions ?? []).find((id) => !cypress.transactions.has(id));
  if (ended !== undefined) throw commandError(1000, `Prerequisite check failed: transaction ${ended} is missing`);
  for (const { path, transaction_id: id, revision } of revisions ?? []) {
    const { node } = cypress.resolve(parsePath(path), cypress.transaction(id));
    if (String(node.revision) !== String(revision)) throw commandError(1000, 'Prerequisite check failed: the node has another revision');
  }
}
