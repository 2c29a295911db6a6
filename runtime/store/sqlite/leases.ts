// Lease rows under the distributed locks. A row outlives its lease, so that the epoch grows with every acquisition.
import { ServiceError } from '../../errors.ts';
import type { Lease, LeaseTable } from '../../lock.ts';
import { readInteger } from './columns.ts';
import { longestAheadMs, type Session } from './session.ts';
import type { Access } from './tasks.ts';

export const leaseSql = {
  acquire: `INSERT INTO locks (name, owner, epoch, expires_at_ms) VALUES (?1, ?2, 1, ?3)
    ON CONFLICT (name) DO UPDATE SET owner = ?2, epoch = locks.epoch + 1, expires_at_ms = ?3
    WHERE locks.expires_at_ms NOT BETWEEN ?4 + 1 AND ?5 OR locks.owner = ?2 RETURNING epoch`,
  prolong: 'UPDATE locks SET expires_at_ms = ? WHERE name = ? AND owner = ? AND epoch = ? AND expires_at_ms > ?',
  release: 'UPDATE locks SET expires_at_ms = 0 WHERE name = ? AND owner = ? AND epoch = ?',
  alive: 'SELECT epoch FROM locks WHERE name = ? AND owner = ? AND epoch = ? AND expires_at_ms > ?',
} as const;

export function leaseTable({ write }: Pick<Access, 'write'>): LeaseTable {
  return {
    acquire: (name, owner, ttlMs) => write((session) => acquire(session, name, owner, ttlMs)),
    prolong: ({ name, owner, epoch }, ttlMs) =>
      write((session) => session.run(leaseSql.prolong, session.databaseMs + ttlMs, name, owner, epoch, session.databaseMs) > 0),
    release: async ({ name, owner, epoch }) => {
      await write((session) => session.run(leaseSql.release, name, owner, epoch));
    },
  };
}

/** The owner itself may take the lock anew: its older lease is fenced off like anybody's. */
function acquire(session: Session, name: string, owner: string, ttlMs: number): Lease | null {
  const now = session.databaseMs;
  const row = session.change(leaseSql.acquire, name, owner, now + ttlMs, now, now + longestAheadMs);
  return row === null ? null : { name, owner, epoch: readInteger(row, 'epoch') };
}

export function assertLease(session: Session, { name, owner, epoch }: Lease): void {
  if (session.get(leaseSql.alive, name, owner, epoch, session.databaseMs) === null) {
    throw new ServiceError('lock_lost', `the lock ${name} is no longer held`);
  }
}
