// Lease rows under the distributed locks, on the server's clock. A row outlives its lease, so that the epoch grows with every
// acquisition. Each operation may be repeated after an unknown outcome: an acquisition by its owner takes the lock anew under a higher
// epoch, and a prolongation or release of a lost lease changes nothing.
import type { LeaseTable } from '../../lock.ts';
import type { YdbClient } from './client.ts';
import { readInteger } from './columns.ts';
import { bind, type Part } from './query.ts';
import { type RetryOptions, retrying } from './retry.ts';

const held = { name: 'Utf8', owner: 'Utf8', epoch: 'Int64' } as const;
const isHeld = 'name = $name AND owner = $owner AND epoch = $epoch';

export const leaseParts = {
  acquire: {
    name: 'acquire_lease',
    parameters: { request: { name: 'Utf8' }, owner: 'Utf8', ttl: 'Interval' },
    body: `$acquire_lease_free = (SELECT r.name AS name, COALESCE(t.epoch, 0l) + 1l AS epoch
FROM AS_TABLE($request) AS r LEFT JOIN locks AS t ON t.name = r.name WHERE t.name IS NULL OR t.expires_at <= $now OR t.owner = $owner);
SELECT epoch FROM $acquire_lease_free;
UPSERT INTO locks (name, owner, epoch, expires_at) SELECT name, $owner AS owner, epoch, $now + $ttl AS expires_at FROM $acquire_lease_free;`,
    sets: 1,
  },
  prolong: {
    name: 'prolong_lease',
    parameters: { ...held, ttl: 'Interval' },
    body: `SELECT name FROM locks WHERE ${isHeld} AND expires_at > $now;
UPDATE locks SET expires_at = $now + $ttl WHERE ${isHeld} AND expires_at > $now;`,
    sets: 1,
  },
  release: {
    name: 'release_lease',
    parameters: held,
    body: `UPDATE locks SET expires_at = $now WHERE ${isHeld} AND expires_at > $now;`,
    sets: 0,
  },
} as const satisfies Record<string, Part>;

export function leaseTable(client: YdbClient, retry: RetryOptions): LeaseTable {
  const once = (part: Part, values: Parameters<typeof bind>[1]) => retrying(retry, () => client.transaction(async ({ run }) => {
    const { parts } = await run([bind(part, values)]);
    const row = parts[0]?.[0]?.[0] ?? null;
    return { commit: row !== null || part.sets === 0, result: row };
  }));
  return {
    acquire: async (name, owner, ttlMs) => {
      const row = await once(leaseParts.acquire, { request: [{ name }], owner, ttl: ttlMs });
      return row === null ? null : { name, owner, epoch: readInteger(row, 'epoch') };
    },
    prolong: async ({ name, owner, epoch }, ttlMs) => (await once(leaseParts.prolong, { name, owner, epoch, ttl: ttlMs })) !== null,
    release: async ({ name, owner, epoch }) => {
      await once(leaseParts.release, { name, owner, epoch });
    },
  };
}
