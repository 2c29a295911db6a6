// The lease table port over the tables in memory. A row outlives its lease, so that the epoch grows with every acquisition.
import type { LeaseTable } from '../../../runtime/lock.ts';
import type { Access } from './access.ts';

export function leaseTable({ write }: Pick<Access, 'write'>): LeaseTable {
  return {
    acquire: (name, owner, ttlMs) => write(({ tables, now }) => {
      const row = tables.get('leases', name);
      if (row !== null && row.expiresAtMs > now && row.owner !== owner) return null;
      const epoch = (row?.epoch ?? 0) + 1;
      tables.put('leases', name, { owner, epoch, expiresAtMs: now + ttlMs });
      return { name, owner, epoch };
    }),
    prolong: ({ name, owner, epoch }, ttlMs) => write(({ tables, now }) => {
      const row = tables.get('leases', name);
      if (row === null || row.owner !== owner || row.epoch !== epoch || row.expiresAtMs <= now) return false;
      tables.put('leases', name, { ...row, expiresAtMs: now + ttlMs });
      return true;
    }),
    release: ({ name, owner, epoch }) => write(({ tables }) => {
      const row = tables.get('leases', name);
      if (row !== null && row.owner === owner && row.epoch === epoch) tables.put('leases', name, { ...row, expiresAtMs: 0 });
    }),
  };
}
