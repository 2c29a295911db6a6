// The platform's copy of last logins: the one address that matters among a person's profiles.
import type { YtClient } from 'ytsaurus-client';
import { z } from 'zod';
import type { Log } from '../log.ts';
import { isAbsent } from './failure.ts';

export interface LoginProfile {
  readonly parkId: string;
  readonly driverId: string;
}

// The column is a text where it was copied as such, and a number of microseconds where it is of the cluster's own type.
const loginAtMs = z.union([
  z.string().transform((text) => Date.parse(text)).refine((ms) => !Number.isNaN(ms)),
  z.int().nonnegative().transform((microseconds) => microseconds / 1000),
]);
const loginRow = z.object({ ip: z.string().min(1), login_at: loginAtMs });

/** Null when the table, the rows or their addresses are absent. */
export async function lastLoginIp(
  { client, log }: { readonly client: YtClient; readonly log: Log },
  path: string,
  profiles: readonly LoginProfile[],
  signal?: AbortSignal,
): Promise<string | null> {
  const keys = profiles.map(({ parkId, driverId }) => ({ park_id: parkId, driver_id: driverId }));
  const rows = keys.length === 0 ? [] : await foundRows(client, { path, keys }, signal);
  const logins = rows.flatMap((row) => {
    const parsed = loginRow.safeParse(row);
    if (!parsed.success) log.warn({ path, fields: parsed.error.issues.map((issue) => issue.path.join('.')) }, 'a row of last logins is malformed');
    return parsed.success ? [parsed.data] : [];
  });
  return logins.sort((a, b) => b.login_at - a.login_at)[0]?.ip ?? null;
}

interface Lookup {
  readonly path: string;
  readonly keys: readonly Readonly<Record<string, string>>[];
}

async function foundRows(client: YtClient, { path, keys }: Lookup, signal?: AbortSignal): Promise<unknown[]> {
  try {
    return await client.lookupRows(path, keys, { columns: ['ip', 'login_at'] }, signal);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
