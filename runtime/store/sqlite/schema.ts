// Brings a file's schema up to date: versions in order, each in one transaction, safe from two processes at once.
import { ServiceError } from '../../errors.ts';
import { readInteger } from './columns.ts';
import type { Session } from './session.ts';
import type { Migration } from './tables.ts';
import type { GroupCommitter } from './transaction.ts';

export const schemaSql = { version: 'PRAGMA user_version' } as const;

export function schemaVersion(session: Session): number {
  return readInteger(session.get(schemaSql.version) ?? {}, 'user_version');
}

/** Answers the versions applied now. Refuses a file that a newer program has written. */
export async function applyMigrations(
  committer: GroupCommitter,
  migrations: readonly Migration[],
): Promise<number[]> {
  const newest = migrations.at(-1)?.version ?? 0;
  const present = await committer.transact(schemaVersion);
  if (present > newest) throw new ServiceError('bad_config', 'sqlite: the database is newer than this program');
  const applied: number[] = [];
  for (const migration of migrations) {
    if (await committer.transact((session) => applyOne(session, migration))) applied.push(migration.version);
  }
  return applied;
}

// The version is read under the write lock: another process may have been first.
function applyOne(session: Session, { version, statements }: Migration): boolean {
  if (schemaVersion(session) >= version) return false;
  for (const statement of [...statements, `PRAGMA user_version = ${version}`]) session.execute(statement);
  return true;
}
