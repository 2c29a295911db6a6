// A lock that the kernel takes away from a process that dies, whatever its number and wherever its container. Node has no call for
// one; SQLite takes such a lock on its file while a transaction excludes everybody else.
import { DatabaseSync } from 'node:sqlite';

/** SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_IOERR: somebody holds it, or its directory has just been removed. */
const taken: ReadonlySet<number> = new Set([5, 14, 10]);

/** Answers how to give the lock back; null when another holder has it, in this process or any other. */
export function lockFile(path: string): (() => void) | null {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    const held = database;
    return () => held.close();
  } catch (error) {
    database?.close();
    if (taken.has(Number((error as { errcode?: unknown }).errcode) & 0xff)) return null;
    throw error;
  }
}
