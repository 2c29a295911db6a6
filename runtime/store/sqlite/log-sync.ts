// Durability of commits. SQLite appends a commit to its write-ahead log without waiting for the disk; the log is synced here, in the
// thread pool, so that the event loop turns meanwhile. Nobody is told of anything that is not on disk yet: neither who committed
// it, nor who has read it.
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ServiceError } from '../../errors.ts';

export type SyncFile = (file: FileHandle) => Promise<void>;

export class LogSync {
  readonly #database: string;
  readonly #syncFile: SyncFile;
  #log: FileHandle | null = null;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #failure: ServiceError | null = null;

  constructor(database: string, syncFile: SyncFile = (file) => file.datasync()) {
    this.#database = database;
    this.#syncFile = syncFile;
  }

  /** Throws once a sync has failed: what the system has kept in memory since then may differ from the disk, and no later sync tells. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** Resolves when all that was committed before the call is on disk. Throws `store_unavailable`, and for good, when it cannot be. */
  durable(): Promise<void> {
    if (this.#running === null) return this.#begin();
    // The one under way may have begun before the commit.
    this.#next ??= this.#running.catch(() => {}).then(() => this.#begin());
    return this.#next;
  }

  async close(): Promise<void> {
    while (this.#running !== null) await this.#running.catch(() => {});
    await this.#log?.close();
  }

  #begin(): Promise<void> {
    this.#next = null;
    this.#running = this.#sync().finally(() => void (this.#running = null));
    return this.#running;
  }

  async #sync(): Promise<void> {
    this.check();
    try {
      this.#log ??= await this.#openLog();
      await this.#syncFile(this.#log);
    } catch (error) {
      this.#failure = new ServiceError('store_unavailable', 'sqlite: a commit could not be written to the disk; a restart is needed', { cause: error });
      throw this.#failure;
    }
  }

  /** The log lives as long as anybody has the database open. Its entry in the directory has to be on disk too. */
  async #openLog(): Promise<FileHandle> {
    const log = await open(`${this.#database}-wal`, 'r+');
    try {
      await this.#syncDirectory();
      return log;
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  async #syncDirectory(): Promise<void> {
    const directory = await open(dirname(this.#database), 'r');
    try {
      await this.#syncFile(directory);
    } finally {
      await directory.close();
    }
  }
}
