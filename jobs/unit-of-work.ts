// The one door through which jobs write. Every transaction first proves the lock's lease (S9); a dry run takes the same path to the
// last statement and is then rolled back.
import type { Context } from '../runtime/context.ts';
import type { Lease } from '../runtime/lock.ts';
import { countOutcomes, type Cause, type Outcome } from '../runtime/mentorship/dispatch.ts';
import type { StoreTx } from '../runtime/store.ts';
import type { JobChange } from './report.ts';

export interface UnitOfWork {
  readonly cause: Cause;
  /** The lock under which the run writes, for writes outside the transactions below; null in a dry run, which makes none. */
  readonly lease: Lease | null;
  /** `work` touches nothing but `tx`: it may run more than once. */
  commit<Result>(work: (tx: StoreTx) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
  /** Takes note, after the commit, of what was dispatched in it. */
  settle(outcomes: readonly Outcome[]): void;
  /** Takes note of announcements that will move matchings later. */
  foresee(changes: readonly JobChange[]): void;
}

export interface DryRun extends UnitOfWork {
  readonly changes: readonly JobChange[];
}

const maxChanges = 1000;

export function leasedUnit(ctx: Context, cause: Cause, lease: Lease): UnitOfWork {
  return {
    cause,
    lease,
    commit: (work, signal) =>
      ctx.store.transact(async (tx) => {
        await tx.assertLease(lease);
        return work(tx);
      }, signal),
    settle: (outcomes) => countOutcomes(ctx, outcomes),
    foresee: () => {},
  };
}

/** Carries a result out of a transaction that must not be committed. */
class RolledBack<Result> extends Error {
  readonly result: Result;

  constructor(result: Result) {
    super('dry run: rolled back on purpose');
    this.result = result;
  }
}

/** Each transaction is judged against the database as it is, not as an earlier transaction of the run would have left it. */
export function dryRunUnit(ctx: Context, cause: Cause): DryRun {
  const changes: JobChange[] = [];
  const foresee = (more: readonly JobChange[]): void => {
    changes.push(...more.slice(0, maxChanges - changes.length));
  };
  return {
    cause,
    lease: null,
    changes,
    foresee,
    commit: (work, signal) => rollBack(ctx, work, signal),
    settle: (outcomes) => foresee(outcomes.filter(({ outcome }) => outcome === 'moved')),
  };
}

async function rollBack<Result>(ctx: Context, work: (tx: StoreTx) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  try {
    return await ctx.store.transact<never>(async (tx) => {
      throw new RolledBack(await work(tx));
    }, signal);
  } catch (error) {
    if (error instanceof RolledBack) return error.result as Result;
    throw error;
  }
}
