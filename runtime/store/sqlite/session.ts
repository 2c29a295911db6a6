// The statements of one transaction or one snapshot, at one moment of the database's clock, until it ends.
import type { SQLInputValue } from 'node:sqlite';
import type { MatchingId, Profile } from '../../../machines/ids.ts';
import type { EpochMs, MatchingRecord } from '../../../machines/matching-record.ts';
import { programmeTime, type Timescale } from '../../clock.ts';
import { ServiceError } from '../../errors.ts';
import type { Connection, Row } from './database.ts';
import { isUnavailable, translate } from './failure.ts';

export interface DatabaseClock {
  readonly timescale: Timescale;
  readonly databaseNowMs: () => EpochMs;
}

/**
 * Nothing is leased or put off for longer. The database's clock is the host's: what is dated further ahead was written while it was wrong, and
 * must not wait until it gets there again.
 */
export const longestAheadMs = 3_600_000;

/** Hears what a transaction changes, whether it is committed or not. Every statement that changes rows of `matchings` tells. */
export interface Changes {
  /** The row is `now` this one; null: another one than it was, or gone. */
  changedMatching(id: MatchingId, now: MatchingRecord | null): void;
  /** These take part in a matching that they may not have taken part in before. */
  changedSides(...sides: readonly (Profile | null)[]): void;
  changedSchema(): void;
}

const nobody: Changes = { changedMatching: () => {}, changedSides: () => {}, changedSchema: () => {} };

export class Session {
  /** Database time at which this session began; leases and task delays count in it. */
  readonly databaseMs: EpochMs;
  /** The same moment as programme time. */
  readonly now: EpochMs;
  readonly changes: Changes;
  readonly #connection: Connection;
  #ended = false;
  #failure: ServiceError | null = null;
  #hasWritten = false;

  constructor(connection: Connection, clock: DatabaseClock, changes = nobody) {
    this.#connection = connection;
    this.changes = changes;
    this.databaseMs = clock.databaseNowMs();
    this.now = programmeTime(clock.timescale, this.databaseMs);
  }

  /** Trouble with the file, kept even when the callback has caught the error: nothing after it may be committed. */
  get failure(): ServiceError | null {
    return this.#failure;
  }

  /** Whether a statement that changes rows was run, with or without success. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Itself, for callers that may have kept it too long; throws once it has ended. */
  live(): this {
    if (this.#ended) throw new ServiceError('internal', 'a transaction was used after its end');
    return this;
  }

  all(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#ask(() => this.#connection.all(sql, parameters));
  }

  get(sql: string, ...parameters: SQLInputValue[]): Row | null {
    return this.#ask(() => this.#connection.get(sql, parameters));
  }

  /** Answers how many rows the statement changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    this.#hasWritten = true;
    return this.#ask(() => this.#connection.run(sql, parameters));
  }

  /** Like `get`, for a statement that changes the row it answers. */
  change(sql: string, ...parameters: SQLInputValue[]): Row | null {
    this.#hasWritten = true;
    return this.get(sql, ...parameters);
  }

  /** For changes of the schema. */
  execute(sql: string): void {
    this.#hasWritten = true;
    this.changes.changedSchema();
    this.#ask(() => this.#connection.execute(sql));
  }

  end(): void {
    this.#ended = true;
  }

  #ask<Result>(statement: () => Result): Result {
    this.live();
    try {
      return statement();
    } catch (error) {
      const translated = translate(error);
      if (isUnavailable(translated)) this.#failure = translated;
      throw translated;
    }
  }
}
