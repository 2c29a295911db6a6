// Runs a transaction's callback until its writes are committed: again after a conflict, a passing failure or a wrong guess, and never
// blindly after a commit whose outcome is unknown.
import { randomUUID } from 'node:crypto';
import type { Timescale } from '../../clock.ts';
import type { Metrics } from '../../metrics.ts';
import type { StoreTx } from '../../store.ts';
import { measured } from '../measured.ts';
import type { OpenTransaction, Verdict, YdbClient } from './client.ts';
import { readText } from './columns.ts';
import { YdbFailure } from './failure.ts';
import { wasCommitted } from './markers.ts';
import { matchingsBefore } from './matching-reads.ts';
import { Permits } from './permits.ts';
import { ReadSet } from './read-set.ts';
import { Patience, type RetryOptions, retrying, throwIfCancelled } from './retry.ts';
import { countMoves } from './status-counts.ts';
import { judge, type Scope, storeTx, taskKey } from './transaction.ts';
import { boundWrites, writeParts } from './write-parts.ts';
import { noWrites } from './writes.ts';

/** The scope is for work of this adapter: the store's callers are given the transaction alone. */
export type Work<Result> = (tx: StoreTx, scope: Scope) => Promise<Result>;

export interface TransactorOptions {
  readonly client: YdbClient;
  readonly timescale: Timescale;
  readonly retry: RetryOptions;
  readonly nextSeq: () => number;
  readonly metrics: Metrics | undefined;
}

/** The callback was told that these tasks were added, and some were there. */
class WrongGuess extends YdbFailure {
  readonly tasks: readonly string[];

  constructor(tasks: readonly string[]) {
    super('conflict', 'tasks were taken for new');
    this.tasks = tasks;
  }
}

const maxGuesses = 8;

export class Transactor {
  readonly #options: TransactorOptions;
  /** Those who met in one process take turns; else the unluckiest of many would meet one more each time. */
  readonly #rerun = new Permits(1);

  constructor(options: TransactorOptions) {
    this.#options = options;
  }

  /** Resolves only after the commit. Throws `store_unavailable`, `store_conflict`, `cancelled`, or what `work` threw. */
  transact<Result>(work: Work<Result>, signal?: AbortSignal): Promise<Result> {
    return measured(this.#options.metrics, () => this.#untilCommitted(work, signal));
  }

  async #untilCommitted<Result>(work: Work<Result>, signal: AbortSignal | undefined): Promise<Result> {
    const effort: Effort = { patience: new Patience(this.#options.retry), doubted: new Set(), guesses: 0, endTurn: null };
    try {
      for (;;) {
        throwIfCancelled(signal);
        const outcome = await settle(this.#once(work, effort.doubted, signal));
        if ('result' in outcome) return outcome.result;
        await this.#prepareRerun(outcome.error, effort);
      }
    } finally {
      effort.endTurn?.();
    }
  }

  /** Throws what the caller is told when there is to be no other run. */
  async #prepareRerun(error: unknown, effort: Effort): Promise<void> {
    if (error instanceof WrongGuess && effort.guesses < maxGuesses) {
      effort.guesses += 1;
      for (const task of error.tasks) effort.doubted.add(task);
      return;
    }
    await effort.patience.after(error);
    if (error instanceof YdbFailure && error.kind === 'conflict') effort.endTurn ??= await this.#rerun.take();
  }

  /** One attempt, its commit resolved when it went unanswered. */
  async #once<Result>(work: Work<Result>, doubted: ReadonlySet<string>, signal: AbortSignal | undefined): Promise<Result> {
    const { client, retry } = this.#options;
    const marker = randomUUID();
    let made: { readonly result: Result } | null = null;
    try {
      return await client.transaction(async (transaction) => {
        // It may have waited long for a connection, and nobody waits for it any more.
        throwIfCancelled(signal);
        const verdict = await this.#run(work, { transaction, marker, doubted });
        throwIfCancelled(signal);
        made = verdict;
        return verdict;
      });
    } catch (error) {
      if (!(error instanceof YdbFailure) || error.kind !== 'undetermined' || made === null) throw error;
      if (await retrying(retry, () => wasCommitted(client, marker))) return (made as { readonly result: Result }).result;
      throw new YdbFailure('retry', error.message, { cause: error });
    }
  }

  async #run<Result>(work: Work<Result>, attempt: Attempt): Promise<Verdict<Result>> {
    const { timescale, nextSeq } = this.#options;
    const failures: Error[] = [];
    const reads = new ReadSet((parts) => attempt.transaction.run(parts).catch((error: Error) => {
      // Kept even when the callback catches it: the transaction is gone.
      failures.push(error);
      throw error;
    }));
    const scope: Scope = { reads, writes: noWrites(), timescale, nextSeq, doubted: attempt.doubted, state: { ended: false } };
    const outcome = await settle(work(storeTx(scope), scope));
    scope.state.ended = true;
    if (failures[0] !== undefined) throw failures[0];
    if ('error' in outcome) {
      await rejectWrongGuesses(scope);
      throw outcome.error;
    }
    await judge(scope);
    return { commit: await this.#write(scope, attempt), result: outcome.result };
  }

  /** Answers whether there is anything to commit. */
  async #write(scope: Scope, { transaction, marker }: Attempt): Promise<boolean> {
    const { writes, nextSeq } = scope;
    const touched = [...writes.matchings.keys(), ...writes.transitions.map(({ matchingId }) => matchingId)];
    const known = touched.filter((id) => scope.reads.knows('matchings', { id }));
    const stored = await matchingsBefore(scope.reads, known);
    const bound = boundWrites(writes, { marker, deltas: countMoves(writes, stored), nextSeq });
    if (bound.length === 0) return false;
    const { parts } = await transaction.run(bound);
    const present = parts[bound.findIndex(({ part }) => part.name === writeParts.tasks.name)]?.[0] ?? [];
    if (present.length > 0) throw new WrongGuess(present.map((row) => readText(row, 'id')));
    return true;
  }
}

/** One transaction over all its runs. */
interface Effort {
  readonly patience: Patience;
  readonly doubted: Set<string>;
  guesses: number;
  /** Set while others of this process wait for it. */
  endTurn: (() => void) | null;
}

interface Attempt {
  readonly transaction: OpenTransaction;
  readonly marker: string;
  readonly doubted: ReadonlySet<string>;
}

async function settle<Result>(work: Promise<Result>): Promise<{ result: Result } | { error: unknown }> {
  try {
    return { result: await work };
  } catch (error) {
    return { error };
  }
}

// What a callback threw is no answer while it rests on a guess: a dry run, for one, carries its result out in an error.
async function rejectWrongGuesses({ reads, writes }: Scope): Promise<void> {
  const guessed = [...writes.tasks.keys()].map(taskKey).filter((key) => !reads.knows('tasks', key));
  if (guessed.length === 0) return;
  const rows = await reads.load('tasks', guessed);
  const wrong = rows.filter((row) => row['state'] !== 'done').map((row) => readText(row, 'id'));
  if (wrong.length > 0) throw new WrongGuess(wrong);
}
