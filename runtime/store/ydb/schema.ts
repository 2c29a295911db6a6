// Brings the schema up to date: versions in order, each statement safe to repeat, so two hosts may do it at once and a host that died
// half-way is followed by the next. A version is recorded when all of it is there.
import { asServiceError, ServiceError } from '../../errors.ts';
import type { YdbClient } from './client.ts';
import { readInteger } from './columns.ts';
import { bind, type Part } from './query.ts';
import { type RetryOptions, retrying } from './retry.ts';
import { type AddedColumn, type Migration, versionsTable } from './tables.ts';

export const schemaParts = {
  versions: { name: 'schema_versions', parameters: {}, body: 'SELECT version FROM schema_versions;', sets: 1 },
  record: {
    name: 'record_version',
    parameters: { version: 'Uint32' },
    body: `SELECT version FROM schema_versions WHERE version = $version;
UPSERT INTO schema_versions (version, applied_at) VALUES ($version, $now);`,
    sets: 1,
  },
} as const satisfies Record<string, Part>;

export interface SchemaAccess {
  readonly client: YdbClient;
  readonly retry: RetryOptions;
}

/** Answers the versions recorded now. Refuses a database that a newer program has written. */
export async function applyMigrations(access: SchemaAccess, migrations: readonly Migration[]): Promise<number[]> {
  const present = await presentVersions(access);
  const newest = migrations.at(-1)?.version ?? 0;
  if (present.some((version) => version > newest)) throw new ServiceError('bad_config', 'ydb: the database is newer than this program');
  const applied: number[] = [];
  for (const { version, statements, columns = [] } of migrations.filter((migration) => !present.includes(migration.version))) {
    for (const statement of statements) await change(access, statement);
    for (const column of columns) await addColumn(access, column);
    if (await record(access, version)) applied.push(version);
  }
  return applied;
}

function change({ client, retry }: SchemaAccess, statement: string): Promise<void> {
  return retrying(retry, () => client.scheme(statement));
}

/** Who serves may have no right to change the schema, and needs none where all is there. */
async function presentVersions(access: SchemaAccess): Promise<number[]> {
  await change(access, versionsTable).catch((error: unknown) => {
    if (asServiceError(error).code !== 'internal') throw error;
  });
  return appliedVersions(access);
}

/** Each attempt looks first: the column may be there already, by another host or by a run of ours that nobody recorded. */
async function addColumn({ client, retry }: SchemaAccess, { statement, proof }: AddedColumn): Promise<void> {
  const isThere = (): Promise<boolean> => client.read([bind(proof, {})]).then(() => true, () => false);
  await retrying(retry, async () => {
    if (await isThere()) return;
    // Another host may have been quicker, which the server calls a mistake in the statement.
    await client.scheme(statement).catch(async (error: unknown) => {
      if (!(await isThere())) throw error;
    });
  });
}

async function appliedVersions({ client, retry }: SchemaAccess): Promise<number[]> {
  const { parts } = await retrying(retry, () => client.read([bind(schemaParts.versions, {})]));
  return (parts[0]?.[0] ?? []).map((row) => readInteger(row, 'version'));
}

/** False when another host was first. */
function record({ client, retry }: SchemaAccess, version: number): Promise<boolean> {
  return retrying(retry, () => client.transaction(async ({ run }) => {
    const { parts } = await run([bind(schemaParts.record, { version })]);
    const fresh = (parts[0]?.[0] ?? []).length === 0;
    return { commit: fresh, result: fresh };
  }));
}
